// @ts-check
// A line above the text field while a request waits for the customer's word and its card is out of sight.

import { setText } from "./dom.js";

export class ToConfirm {
  #button;
  #calls;
  #seen = new IntersectionObserver((entries) => this.#look(entries), { threshold: 0.4 });
  /** @type {string[]} */
  #waiting = [];
  /** @type {Set<Element>} */
  #inSight = new Set();

  /**
   * @param {HTMLElement} button
   * @param {import("./call_views.js").CallViews} calls
   */
  constructor(button, calls) {
    this.#button = button;
    this.#calls = calls;
    button.addEventListener("click", () => this.#waiting[0] && calls.reveal(this.#waiting[0]));
  }

  /** @param {string[]} callIds */
  show(callIds) {
    if (callIds.join() === this.#waiting.join()) return;
    this.#waiting = callIds;
    this.#inSight.clear();
    this.#seen.disconnect();
    for (const id of callIds) {
      const card = this.#calls.element(id);
      if (card) this.#seen.observe(card);
    }
    this.#draw();
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #look(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#inSight.add(target);
      else this.#inSight.delete(target);
    }
    this.#draw();
  }

  #draw() {
    const count = this.#waiting.length;
    const words = count === 1 ? "A request waits for your answer" : `${count} requests wait for your answer`;
    setText(this.#button, count > 0 && this.#inSight.size === 0 ? words : "");
  }
}
