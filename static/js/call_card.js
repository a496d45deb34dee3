// @ts-check
// The card of one request that changes something: drawn from the call's frames alone, never from what the model says.

import { mayConfirm, mayWithdraw, reasonOf, stepsOf, warningOf, wordingOf } from "./calls.js";
import { shortTime } from "./clock.js";
import { part, setText, stamp } from "./dom.js";
import { inWords, rowsOf, visible } from "./values.js";

/** @typedef {{confirm: (id: string, digest: string) => boolean, withdraw: (id: string) => boolean}} Acts */

const NO_LINE = "Not sent: there is no connection. Please try again.";

export class CallCard {
  element = stamp("card");
  #acts;
  /** @type {import("./calls.js").Call | null} */
  #call = null;

  /** @param {Acts} acts */
  constructor(acts) {
    this.#acts = acts;
    part(this.element, "confirm").addEventListener("click", () => this.#send("Confirming …", (call) => acts.confirm(call.id, call.digest)));
    part(this.element, "withdraw").addEventListener("click", () => this.#send("Withdrawing …", (call) => this.#acts.withdraw(call.id)));
  }

  /** @param {import("./calls.js").Call} call */
  show(call) {
    const focused = part(this.element, "actions").contains(document.activeElement);
    this.#call = call;
    const { title, hint, tone } = wordingOf(call);
    this.element.dataset.state = call.state;
    this.element.dataset.tone = tone;
    part(this.element, "label").textContent = visible(call.label);
    part(this.element, "state").className = `badge ${tone}`;
    part(this.element, "state").textContent = title;
    setText(part(this.element, "summary"), call.summary === call.label ? "" : visible(call.summary));
    setText(part(this.element, "hint"), hint);
    setText(part(this.element, "reason"), reasonOf(call) && `Reason: ${visible(reasonOf(call))}`);
    setText(part(this.element, "caution"), warningOf(call));
    setText(part(this.element, "expires"), mayConfirm(call) && call.expiresAt ? `You can confirm until ${shortTime(call.expiresAt)}.` : "");
    this.#showChanges(call);
    this.#showSteps(call);
    part(this.element, "confirm").hidden = !mayConfirm(call);
    part(this.element, "withdraw").hidden = !mayWithdraw(call);
    this.release();
    if (focused && !mayConfirm(call)) this.element.focus();
  }

  /** The buttons work again, whatever became of the last press. */
  release() {
    this.#busy(false);
    setText(part(this.element, "error"), "");
  }

  /** @param {string} message */
  showError(message) {
    this.#busy(false);
    setText(part(this.element, "error"), message);
  }

  /** @param {import("./calls.js").Call} call */
  #showChanges(call) {
    const changes = part(this.element, "changes");
    changes.replaceChildren(...call.changes.map(changeRow));
    changes.hidden = call.changes.length === 0;
    // Everything that will be sent is on the card: what the changes do not show is listed below them.
    const shown = new Set(call.changes.map((change) => change.field));
    const rest = Object.entries(call.arguments).filter(([name]) => !shown.has(name));
    const rows = rest.flatMap(([name, value]) => rowsOf(value, inWords(name)));
    part(this.element, "arguments").replaceChildren(...rows.map(argumentRow));
    part(this.element, "arguments").hidden = rows.length === 0;
  }

  /** @param {import("./calls.js").Call} call */
  #showSteps(call) {
    const steps = stepsOf(call).map(({ name, state }) => {
      const item = stamp("step");
      item.dataset.state = state;
      part(item, "name").textContent = name;
      if (state === "now") item.setAttribute("aria-current", "step");
      return item;
    });
    part(this.element, "steps").replaceChildren(...steps);
    part(this.element, "steps").hidden = steps.length === 0;
  }

  /**
   * @param {string} doing
   * @param {(call: import("./calls.js").Call) => boolean} send
   */
  #send(doing, send) {
    if (!this.#call || this.element.getAttribute("aria-busy") === "true") return;
    if (!send(this.#call)) return this.showError(NO_LINE);
    this.#busy(true);
    setText(part(this.element, "error"), "");
    part(this.element, "hint").textContent = doing;
  }

  /** Not `disabled`: a button that has the focus would lose it. @param {boolean} busy */
  #busy(busy) {
    this.element.setAttribute("aria-busy", String(busy));
    for (const name of ["confirm", "withdraw"]) part(this.element, name).setAttribute("aria-disabled", String(busy));
    if (!busy && this.#call) setText(part(this.element, "hint"), wordingOf(this.#call).hint);
  }
}

/** @param {import("./wire.js").Change} change */
function changeRow(change) {
  const row = stamp("change");
  part(row, "name").textContent = visible(change.label || inWords(change.field));
  part(row, "before").textContent = visible(change.before ?? "");
  row.dataset.new = String(!change.before);
  part(row, "after").textContent = visible(change.after ?? "") || "removed";
  return row;
}

/** @param {{name: string, value: string}} argument */
function argumentRow(argument) {
  const row = stamp("argument");
  part(row, "name").textContent = argument.name;
  part(row, "value").textContent = argument.value;
  return row;
}
