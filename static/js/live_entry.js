// @ts-check
// The answer that is being written. Draws at most once per frame of the screen, however many pieces come.

import { part, setText, stamp } from "./dom.js";
import { renderRichText } from "./render_text.js";

export class LiveEntry {
  element = stamp("live");
  #log;
  #text = "";
  #planned = 0;

  /** @param {import("./log_view.js").LogView} log */
  constructor(log) {
    this.#log = log;
  }

  /** @param {string} text */
  show(text) {
    this.#text = text;
    this.#planned ||= requestAnimationFrame(() => this.#draw());
  }

  /** What the wait is about. @param {string} text */
  showNotice(text) {
    this.#log.change(() => setText(part(this.element, "notice"), text));
  }

  #draw() {
    this.#planned = 0;
    this.#log.change(() => {
      const text = part(this.element, "text");
      text.replaceChildren(renderRichText(this.#text));
      text.hidden = this.#text === "";
      this.element.dataset.empty = String(this.#text === "");
    });
  }
}
