// @ts-check
// Where the customer writes. Enter sends, Shift+Enter breaks the line; the text is counted as the server counts it.

import { countCodePoints, sendable } from "./codepoints.js";
import { part, setText } from "./dom.js";

const SHOW_COUNT_FROM = 0.8;

/** @typedef {{maxChars: number, send: (text: string) => void, stop: () => void}} Options */

export class Composer {
  #form;
  #options;
  /** @type {HTMLTextAreaElement} */
  #field;

  /**
   * @param {HTMLElement} form
   * @param {Options} options
   */
  constructor(form, options) {
    this.#form = form;
    this.#options = options;
    this.#field = part(form, "field");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    this.#field.addEventListener("input", () => this.#count());
    part(form, "stop").addEventListener("click", () => {
      options.stop();
      this.focus();
    });
    // The page gives the field read-only: what is typed before this could not be sent by Enter.
    this.#field.readOnly = false;
    this.#count();
  }

  focus() {
    this.#field.focus({ preventScroll: true });
  }

  /** @param {boolean} running @param {boolean} stopping */
  showTurn(running, stopping) {
    const stop = part(this.#form, "stop");
    stop.hidden = !running;
    stop.setAttribute("aria-disabled", String(stopping));
    part(stop, "stop-text").textContent = stopping ? "Stopping …" : "Stop";
  }

  /** Nothing can be sent from here any more; what was typed stays to be copied. */
  close() {
    this.#field.readOnly = true;
    part(this.#form, "send").setAttribute("disabled", "");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    // An input method uses Enter to choose a word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }

  #submit() {
    const text = sendable(this.#field.value).trim();
    if (this.#field.readOnly || text === "" || countCodePoints(text) > this.#options.maxChars) return;
    this.#field.value = "";
    this.#count();
    this.#options.send(text);
    this.focus();
  }

  #count() {
    const text = sendable(this.#field.value).trim();
    const length = countCodePoints(text);
    const max = this.#options.maxChars;
    const over = length - max;
    const left = over > 0 ? `${over} characters too many` : `${length} of ${max}`;
    setText(part(this.#form, "count"), length >= max * SHOW_COUNT_FROM ? left : "");
    this.#form.dataset.over = String(over > 0);
    this.#field.setAttribute("aria-invalid", String(over > 0));
    part(this.#form, "send").toggleAttribute("disabled", this.#field.readOnly || length === 0 || over > 0);
    this.#fit();
  }

  /** As tall as its text, up to what the style sheet allows. */
  #fit() {
    this.#field.style.blockSize = "auto";
    this.#field.style.blockSize = `${this.#field.scrollHeight + 2}px`;
  }
}
