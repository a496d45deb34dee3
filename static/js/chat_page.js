// @ts-check
// The chat page: puts its pieces together and sends what the customer does.
import { Announcer } from "./announcer.js";
import { CallViews } from "./call_views.js";
import { Composer } from "./composer.js";
import { ConnectionBar } from "./connection_bar.js";
import { Conversation } from "./conversation.js";
import { part, setText } from "./dom.js";
import { FrameRouter } from "./frame_router.js";
import { LogView } from "./log_view.js";
import { Messages } from "./messages.js";
import { Outbox } from "./outbox.js";
import { PageHead } from "./page_head.js";
import { ScrollKeeper } from "./scroll_keeper.js";
import { ChatSocket } from "./socket.js";
import { ToConfirm } from "./to_confirm.js";
import { TurnViews } from "./turn_views.js";
import { watchForWaking } from "./waking.js";

const NO_LINE = "Not sent: there is no connection. Please try again.";

export class ChatPage {
  #root;
  #conversation = new Conversation();
  #announcer;
  #keeper;
  #log;
  #socket;
  #outbox;
  #messages;
  #toConfirm;
  #composer;
  #bar;
  #router;
  #warn = (/** @type {string} */ text) => setText(part(this.#root, "warning"), text);

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    this.#announcer = new Announcer(part(root, "announcer"));
    this.#keeper = new ScrollKeeper(part(root, "log"), part(root, "pill"));
    this.#log = new LogView(part(root, "entries"), this.#keeper);
    this.#socket = new ChatSocket({
      url: `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${root.dataset.wsPath}`,
      lastSeq: () => this.#conversation.lastSeq,
      onFrame: (frame) => this.#router.receive(frame),
      onConnection: (connection) => this.#showConnection(connection),
    });
    this.#outbox = new Outbox({
      send: (frame) => this.#socket.send(frame),
      onChange: (unsent) => this.#messages.showUnsent(unsent),
    });
    const handOver = () => this.#act({ type: "handoff.request" });
    this.#messages = new Messages(this.#log, {
      rate: (seq, rating) => this.#socket.send({ type: "feedback", seq, rating }),
      handOver,
      retry: (id) => this.#retry(id),
      discard: (id) => this.#discard(id),
      cancel: (turnId) => this.#stop(turnId),
    });
    const calls = new CallViews(this.#log, {
      confirm: (id, digest) => this.#socket.send({ type: "call.confirm", call_id: id, digest }),
      withdraw: (id) => this.#socket.send({ type: "call.withdraw", call_id: id }),
    });
    this.#toConfirm = new ToConfirm(part(root, "to-confirm"), calls);
    this.#composer = new Composer(part(root, "composer"), {
      maxChars: Number(root.dataset.maxMessageChars),
      send: (text) => this.#send(text),
      stop: () => this.#stop(this.#conversation.runningTurn),
    });
    this.#bar = new ConnectionBar(part(root, "connection"), () => this.#socket.connect());
    this.#router = new FrameRouter({
      conversation: this.#conversation,
      socket: this.#socket,
      outbox: this.#outbox,
      messages: this.#messages,
      calls,
      turns: new TurnViews(this.#log, this.#messages),
      head: new PageHead(root, handOver),
      say: (text) => this.#announcer.say(text),
      warn: this.#warn,
      changed: () => this.#draw(),
    });
  }

  start() {
    for (const button of this.#root.querySelectorAll("[data-ask]")) {
      button.addEventListener("click", () => this.#send(button.textContent?.trim() ?? ""));
    }
    watchForWaking(() => this.#socket.resume());
    this.#socket.connect();
    // On a phone the keyboard would cover the conversation before the reader has seen it.
    if (matchMedia("(pointer: fine)").matches) this.#composer.focus();
  }

  /** @param {string} text */
  #send(text) {
    this.#warn("");
    this.#outbox.add(text);
    this.#keeper.toEnd();
    this.#draw();
  }

  /** @param {string} id */
  #retry(id) {
    this.#socket.connect();
    this.#outbox.retry(id);
    this.#composer.focus();
  }

  /** @param {string} id */
  #discard(id) {
    this.#outbox.settle(id);
    this.#messages.discard(id);
    this.#composer.focus();
    this.#draw();
  }

  /** @param {string | null} turnId */
  #stop(turnId) {
    if (turnId === null || !this.#act({ type: "turn.cancel", turn_id: turnId })) return;
    this.#conversation.turn(turnId).stopping = true;
    this.#draw();
  }

  /** @param {Record<string, unknown>} frame */
  #act(frame) {
    const sent = this.#socket.send(frame);
    this.#warn(sent ? "" : NO_LINE);
    return sent;
  }

  /** @param {import("./socket.js").Connection} connection */
  #showConnection(connection) {
    this.#bar.show(connection);
    if (connection.kind !== "open") this.#outbox.lineLost();
    if (connection.kind === "signed_out" || connection.kind === "not_found") this.#composer.close();
    this.#draw();
  }

  /** What depends on the whole of the conversation. */
  #draw() {
    this.#messages.showWaiting(this.#conversation);
    const running = this.#conversation.runningTurn;
    this.#composer.showTurn(running !== null, running !== null && this.#conversation.turn(running).stopping);
    part(this.#root, "loading").hidden = this.#router.told || !this.#log.isEmpty;
    part(this.#root, "empty").hidden = !this.#router.told || !this.#log.isEmpty;
    if (this.#router.told) this.#toConfirm.show(this.#conversation.callsToConfirm);
  }
}
