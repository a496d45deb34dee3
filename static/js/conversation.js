// @ts-check
// What the frames say, as state: which numbers we have, which turns run, what each request has come to. No page here.

import { mergeCall } from "./calls.js";
import { TurnText } from "./turn_text.js";

/**
 * @typedef {import("./wire.js").ServerFrame} ServerFrame
 * @typedef {"new" | "known" | "gap"} Verdict known: we have it already; gap: something before it is missing
 * @typedef {{state: "waiting" | "running" | "done" | "failed" | "cancelled", text: TurnText,
 *   error: import("./wire.js").TurnError | null, stopping: boolean}} Turn
 */

export class Conversation {
  lastSeq = 0;
  model = "";
  /** @type {"none" | "waiting" | "with_staff" | "closed"} */
  handoff = "none";
  /** @type {Map<string, import("./calls.js").Call>} */
  calls = new Map();
  /** @type {Map<string, Turn>} */
  turns = new Map();

  /**
   * Take a frame in. A frame that is `known` or leaves a `gap` changes nothing.
   * @param {ServerFrame} frame
   * @returns {Verdict}
   */
  accept(frame) {
    const seq = "seq" in frame && frame.type !== "ack" ? frame.seq : undefined;
    if (seq !== undefined) {
      if (seq <= this.lastSeq) return "known";
      if (seq > this.lastSeq + 1) return "gap";
      this.lastSeq = seq;
    }
    if (frame.type === "hello") this.model = frame.model;
    if (frame.type === "message") this.#message(frame);
    if (frame.type === "call") this.calls.set(frame.call_id, mergeCall(this.calls.get(frame.call_id), frame));
    if (frame.type === "turn") this.#turn(frame);
    if (frame.type === "delta") return this.#delta(frame);
    return "new";
  }

  /** The turn the model is working on, if any. */
  get runningTurn() {
    return [...this.turns].find(([, turn]) => turn.state === "running")?.[0] ?? null;
  }

  /** Messages that stand in line behind the running turn. */
  get waitingTurns() {
    if (this.runningTurn === null) return [];
    return [...this.turns].filter(([, turn]) => turn.state === "waiting").map(([id]) => id);
  }

  /** Requests that only the customer can move on. */
  get callsToConfirm() {
    return [...this.calls.values()].filter((call) => call.state === "awaiting_confirmation").map((call) => call.id);
  }

  /**
   * @param {string} turnId
   * @returns {Turn}
   */
  turn(turnId) {
    let turn = this.turns.get(turnId);
    if (!turn) {
      turn = { state: "waiting", text: new TurnText(), error: null, stopping: false };
      this.turns.set(turnId, turn);
    }
    return turn;
  }

  /** @param {import("./wire.js").MessageFrame} frame */
  #message(frame) {
    if (frame.author === "customer" && frame.turn_id !== null) this.turn(frame.turn_id);
    if (frame.author === "assistant" && frame.turn_id !== null) this.turn(frame.turn_id).text = new TurnText();
    if (frame.data?.type === "handoff") this.handoff = frame.data.state;
  }

  /** @param {import("./wire.js").TurnFrame} frame */
  #turn(frame) {
    const turn = this.turn(frame.turn_id);
    turn.state = frame.state;
    turn.error = frame.error;
    if (frame.state !== "running") turn.stopping = false;
  }

  /**
   * @param {import("./wire.js").DeltaFrame} frame
   * @returns {Verdict}
   */
  #delta(frame) {
    const turn = this.turn(frame.turn_id);
    if (turn.state !== "running" && turn.state !== "waiting") return "known";
    turn.state = "running";
    return turn.text.add(frame.offset, frame.text) ? "new" : "gap";
  }
}
