// @ts-check
// The turns in the page: the answer being written, and an honest line where a turn ended without one.

import { stamp } from "./dom.js";
import { LiveEntry } from "./live_entry.js";
import { RANK, UNSENT } from "./order.js";

/** @typedef {import("./messages.js").Messages} Messages */

export class TurnViews {
  #log;
  #messages;
  /** @type {Map<string, LiveEntry>} */
  #live = new Map();

  /**
   * @param {import("./log_view.js").LogView} log
   * @param {Messages} messages
   */
  constructor(log, messages) {
    this.#log = log;
    this.#messages = messages;
  }

  /** @param {string} turnId @param {string} text */
  showText(turnId, text) {
    const entry = this.#entry(turnId);
    entry.show(text);
    entry.showNotice("");
  }

  /** @param {string} turnId @param {string} text */
  showNotice(turnId, text) {
    this.#entry(turnId).showNotice(text);
  }

  /** @param {string} turnId */
  answered(turnId) {
    if (this.#live.delete(turnId)) this.#log.remove(`live:${turnId}`);
  }

  /** @param {import("./wire.js").TurnFrame} frame */
  show(frame) {
    const { turn_id: turnId, state } = frame;
    if (state === "running") return void this.#entry(turnId);
    this.answered(turnId);
    if (state === "cancelled" && !this.#messages.noteOnAnswer(turnId, "Stopped before it was finished.")) {
      this.#end(frame, "Stopped before there was an answer.");
    }
    if (state !== "failed") return;
    this.#messages.noteOnAnswer(turnId, "Not finished.");
    if (this.#messages.hasExplanation(turnId)) return;
    this.#end(frame, frame.error?.message || "This could not be answered. Please ask again.");
  }

  /** @param {string} turnId */
  #entry(turnId) {
    let entry = this.#live.get(turnId);
    if (!entry) {
      entry = new LiveEntry(this.#log);
      this.#live.set(turnId, entry);
      this.#log.put(`live:${turnId}`, entry.element, this.#log.order.place(turnId, RANK.answer, UNSENT), false);
    }
    return entry;
  }

  /** @param {import("./wire.js").TurnFrame} frame @param {string} text */
  #end(frame, text) {
    const element = stamp("end");
    element.textContent = text;
    this.#log.put(`end:${frame.turn_id}`, element, this.#log.order.place(frame.turn_id, RANK.end, frame.seq ?? UNSENT));
  }
}
