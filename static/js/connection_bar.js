// @ts-check
// One line above the text field that says when there is no line to us, why, and what happens next.

import { part, setText } from "./dom.js";

const QUIET_MS = 1500;

/** @typedef {import("./socket.js").Connection} Connection */

export class ConnectionBar {
  #bar;
  #timer = 0;
  /** @type {Connection} */
  #connection = { kind: "connecting" };

  /**
   * @param {HTMLElement} bar
   * @param {() => void} retry
   */
  constructor(bar, retry) {
    this.#bar = bar;
    part(bar, "retry").addEventListener("click", retry);
    window.addEventListener("online", () => this.#draw());
    window.addEventListener("offline", () => this.#draw());
  }

  /** @param {Connection} connection */
  show(connection) {
    clearTimeout(this.#timer);
    this.#connection = connection;
    // A short break heals by itself; a bar that flashes would only worry.
    const soon = connection.kind === "connecting" || (connection.kind === "waiting" && connection.until - Date.now() < QUIET_MS);
    if (soon && this.#bar.hidden) this.#timer = window.setTimeout(() => this.#draw(), QUIET_MS);
    else this.#draw();
  }

  #draw() {
    clearTimeout(this.#timer);
    const connection = this.#connection;
    this.#bar.dataset.kind = connection.kind;
    this.#bar.hidden = connection.kind === "open" && navigator.onLine;
    setText(part(this.#bar, "text"), this.#words());
    part(this.#bar, "sign-in").hidden = connection.kind !== "signed_out";
    part(this.#bar, "other-chat").hidden = connection.kind !== "not_found";
    part(this.#bar, "retry").hidden = connection.kind !== "waiting" || connection.tooMany || !navigator.onLine;
    if (connection.kind === "waiting") this.#timer = window.setTimeout(() => this.#draw(), 1000);
  }

  #words() {
    const connection = this.#connection;
    if (connection.kind === "signed_out") return "You are signed out.";
    if (connection.kind === "not_found") return "There is no such conversation.";
    if (!navigator.onLine) return "You are offline. Messages are kept and sent when you are back.";
    if (connection.kind === "waiting") {
      const seconds = Math.max(1, Math.ceil((connection.until - Date.now()) / 1000));
      const why = connection.tooMany ? "Too many connections at once." : "The connection is lost.";
      return `${why} Trying again in ${seconds} s.`;
    }
    return connection.kind === "connecting" ? "Connecting …" : "";
  }
}
