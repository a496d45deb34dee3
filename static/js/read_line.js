// @ts-check
// One quiet line for a look into our records: being made, what was found, or failed.

import { part, stamp } from "./dom.js";
import { visible } from "./values.js";

/** @type {Record<string, string>} */
const ENDS = { failed: "did not work", refused: "was not possible" };

export class ReadLine {
  element = stamp("read");

  /** @param {import("./calls.js").Call} call */
  show(call) {
    this.element.dataset.state = call.state;
    const doing = call.label.replace(/\s*(…|\.\.\.)$/, "");
    const end = ENDS[call.state];
    const found = call.state === "succeeded" && call.summary !== call.label ? visible(call.summary) : "";
    const text = call.state === "running" ? `${doing} …` : end ? `${doing}: ${end}` : found || doing;
    part(this.element, "text").textContent = text;
  }
}
