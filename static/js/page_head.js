// @ts-check
// The head of the chat: who answers, and the way to a person.

import { part } from "./dom.js";

const ANSWERS = {
  none: "",
  closed: "",
  waiting: "A person of our staff will answer you here. The assistant is silent meanwhile.",
  with_staff: "You are talking to our staff. The assistant is silent meanwhile.",
};

export class PageHead {
  #root;

  /**
   * @param {HTMLElement} root
   * @param {() => boolean} handOver
   */
  constructor(root, handOver) {
    this.#root = root;
    part(root, "person").addEventListener("click", handOver);
  }

  /** @param {string} model what the server calls the model for customers */
  showModel(model) {
    part(this.#root, "model").textContent = model;
  }

  /** @param {keyof typeof ANSWERS} handoff */
  showHandoff(handoff) {
    const text = ANSWERS[handoff] ?? "";
    const note = part(this.#root, "handoff");
    note.textContent = text;
    note.hidden = text === "";
    part(this.#root, "person").hidden = text !== "";
  }
}
