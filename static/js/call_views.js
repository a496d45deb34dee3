// @ts-check
// The calls in the page: a quiet line for each look into our records, a card for each request that changes something.

import { CallCard } from "./call_card.js";
import { wordingOf } from "./calls.js";
import { RANK } from "./order.js";
import { ReadLine } from "./read_line.js";

export class CallViews {
  #log;
  #acts;
  /** @type {Map<string, CallCard | ReadLine>} */
  #views = new Map();

  /**
   * @param {import("./log_view.js").LogView} log
   * @param {import("./call_card.js").Acts} acts
   */
  constructor(log, acts) {
    this.#log = log;
    this.#acts = acts;
  }

  /**
   * @param {import("./calls.js").Call} call
   * @returns {string} what to tell people who listen to the page
   */
  show(call) {
    const read = call.kind === "read";
    const view = this.#views.get(call.id) ?? (read ? new ReadLine() : new CallCard(this.#acts));
    this.#views.set(call.id, view);
    const place = this.#log.order.place(call.turnId, read ? RANK.said : RANK.request, call.seq);
    this.#log.change(() => view.show(call));
    this.#log.put(`call:${call.id}`, view.element, place, !read);
    return read ? "" : `${call.label}: ${wordingOf(call).title}`;
  }

  /**
   * Show beside a request what went wrong with it. False where there is no such card.
   * @param {string} id
   * @param {string} message
   */
  showError(id, message) {
    const view = this.#views.get(id);
    if (view instanceof CallCard) view.showError(message);
    return view instanceof CallCard;
  }

  /** The buttons work again: of one card, or of all after the line was lost. @param {string} [id] */
  release(id) {
    for (const [key, view] of this.#views) {
      if (view instanceof CallCard && (id === undefined || id === key)) view.release();
    }
  }

  /** @param {string} id */
  element(id) {
    return this.#views.get(id)?.element ?? null;
  }

  /** Bring a card before the reader. @param {string} id */
  reveal(id) {
    const view = this.#views.get(id);
    view?.element.scrollIntoView({ block: "center" });
    view?.element.focus({ preventScroll: true });
  }
}
