// @ts-check
// Keeps the reader where they read: follows new text only for a reader at the end, else counts it on a pill.

import { setText } from "./dom.js";

const NEAR_PX = 80;

export class ScrollKeeper {
  #log;
  #pill;
  #atEnd = true;
  #missed = 0;

  /**
   * @param {HTMLElement} log
   * @param {HTMLElement} pill
   */
  constructor(log, pill) {
    this.#log = log;
    this.#pill = pill;
    log.addEventListener("scroll", () => this.#look(), { passive: true });
    pill.addEventListener("click", () => this.toEnd());
    // The keyboard of a phone, a growing text field and a turned screen all change the height.
    new ResizeObserver(() => this.#atEnd && this.toEnd()).observe(log);
  }

  /**
   * Change what is in the log.
   * @param {() => void} change
   * @param {boolean} [counts] a message, not a change of one
   */
  keep(change, counts = false) {
    change();
    if (this.#atEnd) return this.toEnd();
    if (!counts) return;
    this.#missed += 1;
    setText(this.#pill, this.#missed === 1 ? "1 new message" : `${this.#missed} new messages`);
  }

  toEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#look();
  }

  #look() {
    const { scrollTop, scrollHeight, clientHeight } = this.#log;
    this.#atEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    if (!this.#atEnd) return;
    this.#missed = 0;
    setText(this.#pill, "");
  }
}
