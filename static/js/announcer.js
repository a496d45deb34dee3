// @ts-check
// Tells people who listen to the page what is finished: whole answers and new states, never single words of a stream.

const KEPT = 5;

export class Announcer {
  #region;

  /** @param {HTMLElement} region role="status", visually hidden */
  constructor(region) {
    this.#region = region;
  }

  /** @param {string} text */
  say(text) {
    if (!text) return;
    const line = document.createElement("p");
    line.textContent = text;
    this.#region.append(line);
    while (this.#region.childElementCount > KEPT) this.#region.firstElementChild?.remove();
  }
}
