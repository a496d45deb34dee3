// @ts-check
// Starts the chat of this page.

import { ChatPage } from "./chat_page.js";

const root = document.getElementById("chat");
if (root) new ChatPage(root).start();
