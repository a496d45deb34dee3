// @ts-check
// The customer's own message: on its way, not sent (with another try), stored, or waiting in line.

import { showTime } from "./clock.js";
import { part, setText, stamp } from "./dom.js";

/** @typedef {{retry: () => void, discard: () => void, cancel: (turnId: string) => void}} Acts */

export class OwnEntry {
  element = stamp("own");
  /** @type {string | null} */
  turnId = null;

  /** @param {Acts} acts */
  constructor(acts) {
    part(this.element, "retry").addEventListener("click", acts.retry);
    part(this.element, "discard").addEventListener("click", acts.discard);
    part(this.element, "cancel").addEventListener("click", () => this.turnId && acts.cancel(this.turnId));
  }

  /** @param {import("./outbox.js").Unsent} unsent */
  showUnsent(unsent) {
    const failed = unsent.state === "failed";
    part(this.element, "text").textContent = unsent.text;
    this.#state(unsent.state, failed ? unsent.why : "Sending …");
    part(this.element, "retry").hidden = !(failed && unsent.retryable);
    part(this.element, "discard").hidden = !failed;
  }

  showAcked() {
    this.#state("sent", "");
    part(this.element, "retry").hidden = true;
    part(this.element, "discard").hidden = true;
  }

  /** @param {import("./wire.js").MessageFrame} frame */
  showStored(frame) {
    this.turnId = frame.turn_id;
    part(this.element, "text").textContent = frame.text;
    showTime(part(this.element, "time"), frame.created_at);
    this.showAcked();
  }

  /** @param {boolean} waiting behind another turn @param {boolean} stopping */
  showWaiting(waiting, stopping) {
    part(this.element, "cancel").hidden = !waiting || stopping;
    const note = stopping ? "Cancelling …" : "Waiting in line";
    if (waiting) this.#state("waiting", note);
    else if (this.element.dataset.state === "waiting") this.#state("sent", "");
  }

  /**
   * @param {string} state
   * @param {string} note
   */
  #state(state, note) {
    this.element.dataset.state = state;
    setText(part(this.element, "note"), note);
  }
}
