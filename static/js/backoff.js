// @ts-check
// How long to wait before connecting again: doubling, with jitter, so that a thousand tabs do not return at once.

const FIRST_MS = 500;
const LONGEST_MS = 10_000;

export class Backoff {
  #tries = 0;
  #random;

  /** @param {() => number} random in [0, 1) */
  constructor(random = Math.random) {
    this.#random = random;
  }

  get tries() {
    return this.#tries;
  }

  /** Milliseconds until the next try: between half of the step and the whole of it. */
  next() {
    const step = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#tries);
    this.#tries += 1;
    return Math.round(step * (0.5 + this.#random() / 2));
  }

  reset() {
    this.#tries = 0;
  }
}
