// @ts-check
// The list of the conversation's elements in the page, each under a key and at its place.

import { Order } from "./order.js";

export class LogView {
  order = new Order();
  #list;
  #keeper;
  /** @type {Map<string, HTMLElement>} */
  #elements = new Map();

  /**
   * @param {HTMLElement} list
   * @param {import("./scroll_keeper.js").ScrollKeeper} keeper
   */
  constructor(list, keeper) {
    this.#list = list;
    this.#keeper = keeper;
  }

  get isEmpty() {
    return this.#elements.size === 0;
  }

  /**
   * Put an element at its place, or move it there.
   * @param {string} key
   * @param {HTMLElement} element
   * @param {import("./order.js").Place} place
   * @param {boolean} [counts] something to read, which the pill counts for a reader further up
   */
  put(key, element, place, counts = true) {
    const known = this.#elements.get(key);
    const next = this.#elements.get(this.order.put(key, place) ?? "") ?? null;
    if (known === element && element.nextElementSibling === next) return;
    this.#keeper.keep(() => {
      if (known !== element) known?.remove();
      this.#list.insertBefore(element, next);
    }, counts && !known);
    this.#elements.set(key, element);
  }

  /** Change something inside the log; a reader at its end stays there. @param {() => void} change */
  change(change) {
    this.#keeper.keep(change);
  }

  /** @param {string} key */
  remove(key) {
    this.order.remove(key);
    this.change(() => this.#elements.get(key)?.remove());
    this.#elements.delete(key);
  }
}
