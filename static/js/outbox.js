// @ts-check
// The customer's messages until the server has them. A message keeps its id for ever, so sending it twice stores it once.

import { randomUuid } from "./uuid.js";

const ACK_MS = 10_000;
const MOST_TRIES = 3;

/**
 * @typedef {{id: string, text: string, state: "sending" | "failed", why: string, retryable: boolean,
 *   again: boolean, tries: number, timer: number}} Unsent `again`: send by itself when the connection is back
 * @typedef {{send: (frame: Record<string, unknown>) => boolean, onChange: (unsent: Unsent) => void,
 *   ackMs?: number}} Options
 */

const OFFLINE = "Not sent: there is no connection.";
const NO_ANSWER = "Not sent: there was no answer.";

export class Outbox {
  /** @type {Map<string, Unsent>} */
  #unsent = new Map();
  #options;

  /** @param {Options} options */
  constructor(options) {
    this.#options = options;
  }

  /** @param {string} text */
  add(text) {
    const unsent = { id: randomUuid(), text, state: /** @type {const} */ ("sending"), why: "", retryable: true, again: true, tries: 0, timer: 0 };
    this.#unsent.set(unsent.id, unsent);
    this.send(unsent.id);
    return unsent.id;
  }

  /** @param {string} id */
  has(id) {
    return this.#unsent.has(id);
  }

  /** The customer asks for another try. @param {string} id */
  retry(id) {
    const unsent = this.#unsent.get(id);
    if (unsent) unsent.tries = 0;
    this.send(id);
  }

  /** Send, or send again, under the same id. @param {string} id */
  send(id) {
    const unsent = this.#unsent.get(id);
    if (!unsent) return;
    clearTimeout(unsent.timer);
    if (!this.#options.send({ type: "user.message", client_msg_id: id, text: unsent.text })) {
      return this.#fail(unsent, OFFLINE, { retryable: true, again: true });
    }
    // A message that breaks the line each time must not do so for ever.
    unsent.tries += 1;
    Object.assign(unsent, { state: "sending", why: "", again: unsent.tries < MOST_TRIES });
    unsent.timer = window.setTimeout(
      () => this.#fail(unsent, NO_ANSWER, { retryable: true, again: unsent.again }),
      this.#options.ackMs ?? ACK_MS,
    );
    this.#options.onChange(unsent);
  }

  /** The server has it, or the customer does not want it any more. @param {string} id */
  settle(id) {
    clearTimeout(this.#unsent.get(id)?.timer);
    return this.#unsent.delete(id);
  }

  /**
   * The server would not take it. False where the message is not ours any more.
   * @param {string} id
   * @param {string} why
   * @param {boolean} retryable
   */
  refuse(id, why, retryable) {
    const unsent = this.#unsent.get(id);
    if (unsent) this.#fail(unsent, why, { retryable, again: false });
    return unsent !== undefined;
  }

  /** The line is gone: what was on its way may not have arrived. */
  lineLost() {
    for (const unsent of this.#unsent.values()) {
      if (unsent.state === "sending") this.#fail(unsent, OFFLINE, { retryable: true, again: unsent.again });
    }
  }

  /** The line is back and everything stored has been told: the rest goes out once more, in its order. */
  lineBack() {
    for (const unsent of [...this.#unsent.values()]) if (unsent.state === "failed" && unsent.again) this.send(unsent.id);
  }

  /**
   * @param {Unsent} unsent
   * @param {string} why
   * @param {{retryable: boolean, again: boolean}} how
   */
  #fail(unsent, why, how) {
    clearTimeout(unsent.timer);
    Object.assign(unsent, { state: "failed", why, ...how });
    this.#options.onChange(unsent);
  }
}
