// @ts-check
// A finished message of the assistant, of staff or of the system, with what belongs under it.

import { showTime } from "./clock.js";
import { part, setText, stamp } from "./dom.js";
import { offerFor } from "./offers.js";
import { renderRichText } from "./render_text.js";

/** @typedef {{rate: (seq: number, rating: "up" | "down") => boolean, handOver: () => boolean}} Acts */

const TEMPLATE = { customer: "own", assistant: "answer", staff: "staff", system: "system" };

export class SaidEntry {
  element;

  /**
   * @param {import("./wire.js").MessageFrame} frame
   * @param {Acts} acts
   */
  constructor(frame, acts) {
    this.element = stamp(TEMPLATE[frame.author] ?? "system");
    const text = part(this.element, "text");
    if (frame.author === "assistant") text.append(renderRichText(frame.text));
    else text.textContent = frame.text;
    showTime(part(this.element, "time"), frame.created_at);
    const offer = offerFor(frame.data, acts.handOver);
    if (offer) part(this.element, "offer").append(offer);
    if (frame.author === "assistant") this.#rating(frame.seq, acts.rate);
  }

  /** Say under a message that it is not whole. @param {string} note */
  showNote(note) {
    setText(part(this.element, "note"), note);
  }

  /**
   * @param {number} seq
   * @param {Acts["rate"]} rate
   */
  #rating(seq, rate) {
    const buttons = { up: part(this.element, "up"), down: part(this.element, "down") };
    for (const rating of /** @type {const} */ (["up", "down"])) {
      buttons[rating].addEventListener("click", () => {
        if (!rate(seq, rating)) return this.showNote("Not sent: there is no connection.");
        buttons.up.setAttribute("aria-pressed", String(rating === "up"));
        buttons.down.setAttribute("aria-pressed", String(rating === "down"));
        this.showNote("Thank you.");
      });
    }
  }
}
