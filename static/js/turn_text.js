// @ts-check
// The text of a running turn, put together from its deltas.

import { countCodePoints, firstCodePoints } from "./codepoints.js";

export class TurnText {
  text = "";
  #length = 0;

  /**
   * Cut at `offset` code points, then append. False where a piece before it is missing: the text must be asked for again.
   * @param {number} offset
   * @param {string} piece
   */
  add(offset, piece) {
    if (offset > this.#length) return false;
    if (offset < this.#length) {
      this.text = firstCodePoints(this.text, offset);
      this.#length = offset;
    }
    this.text += piece;
    this.#length += countCodePoints(piece);
    return true;
  }
}
