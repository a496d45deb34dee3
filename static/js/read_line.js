// @ts-check
// One quiet line for a look into our records: being made, made, or failed.

import { part, stamp } from "./dom.js";

/** @type {Record<string, string>} */
const ENDS = { failed: "did not work", refused: "was not possible" };

export class ReadLine {
  element = stamp("read");

  /** @param {import("./calls.js").Call} call */
  show(call) {
    this.element.dataset.state = call.state;
    const doing = call.label.replace(/\s*(…|\.\.\.)$/, "");
    const end = ENDS[call.state];
    part(this.element, "text").textContent = call.state === "running" ? `${doing} …` : end ? `${doing}: ${end}` : doing;
  }
}
