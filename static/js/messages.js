// @ts-check
// The messages in the page: the customer's own, sent or not, and what was said to them.

import { part } from "./dom.js";
import { RANK, UNSENT } from "./order.js";
import { OwnEntry } from "./own_entry.js";
import { SaidEntry } from "./said_entry.js";

/**
 * @typedef {import("./said_entry.js").Acts & {retry: (id: string) => void, discard: (id: string) => void,
 *   cancel: (turnId: string) => void}} Acts
 */

const RANK_OF = { customer: RANK.said, assistant: RANK.answer, staff: RANK.end, system: RANK.end };

export class Messages {
  #log;
  #acts;
  /** @type {Map<string, OwnEntry>} by client_msg_id */
  #own = new Map();
  /** @type {Map<string, SaidEntry>} by turn */
  #answers = new Map();
  /** @type {Set<string>} turns whose end a message of the system has explained */
  #explained = new Set();

  /**
   * @param {import("./log_view.js").LogView} log
   * @param {Acts} acts
   */
  constructor(log, acts) {
    this.#log = log;
    this.#acts = acts;
  }

  /** @param {import("./outbox.js").Unsent} unsent */
  showUnsent(unsent) {
    const entry = this.#ownEntry(unsent.id);
    entry.showUnsent(unsent);
    this.#log.put(`own:${unsent.id}`, entry.element, [UNSENT, RANK.said, UNSENT]);
  }

  /** @param {string} id */
  showAcked(id) {
    this.#own.get(id)?.showAcked();
  }

  /** @param {string} id */
  discard(id) {
    this.#own.delete(id);
    this.#log.remove(`own:${id}`);
  }

  /**
   * @param {import("./wire.js").MessageFrame} frame
   * @returns {string} what to tell people who listen to the page; nothing of their own words
   */
  show(frame) {
    const place = this.#log.order.place(frame.turn_id, RANK_OF[frame.author] ?? RANK.end, frame.seq);
    if (frame.author === "customer") {
      const id = frame.client_msg_id ?? `seq-${frame.seq}`;
      const entry = this.#ownEntry(id);
      entry.showStored(frame);
      this.#log.put(`own:${id}`, entry.element, place);
      return "";
    }
    const entry = new SaidEntry(frame, this.#acts);
    if (frame.turn_id !== null && frame.author === "assistant") this.#answers.set(frame.turn_id, entry);
    if (frame.turn_id !== null && frame.author === "system") this.#explained.add(frame.turn_id);
    this.#log.put(`said:${frame.seq}`, entry.element, place);
    return `${part(entry.element, "who").textContent}: ${part(entry.element, "text").textContent}`;
  }

  /**
   * Write under a turn's answer that it is not whole. False where the turn has none.
   * @param {string} turnId
   * @param {string} note
   */
  noteOnAnswer(turnId, note) {
    this.#answers.get(turnId)?.showNote(note);
    return this.#answers.has(turnId);
  }

  /** @param {string} turnId */
  hasExplanation(turnId) {
    return this.#explained.has(turnId);
  }

  /**
   * Say which messages wait in line behind another turn.
   * @param {import("./conversation.js").Conversation} conversation
   */
  showWaiting(conversation) {
    const waiting = new Set(conversation.waitingTurns);
    for (const entry of this.#own.values()) {
      if (entry.turnId) entry.showWaiting(waiting.has(entry.turnId), conversation.turn(entry.turnId).stopping);
    }
  }

  /** @param {string} id */
  #ownEntry(id) {
    let entry = this.#own.get(id);
    if (!entry) {
      const { retry, discard, cancel } = this.#acts;
      entry = new OwnEntry({ retry: () => retry(id), discard: () => discard(id), cancel });
      this.#own.set(id, entry);
    }
    return entry;
  }
}
