// @ts-check
// One websocket that is always coming back: it greets, resumes after the last number we have, and says how it is.
// It knows no page and no conversation.

import { Backoff } from "./backoff.js";
import { meaningOfClose } from "./closing.js";
import { parseFrame } from "./wire.js";

const PROBE_MS = 5000;
const GREETING_MS = 10_000;
const STEADY_MS = 5000;
const LOST = 1006;

/**
 * @typedef {{kind: "connecting" | "open" | "signed_out" | "not_found"}
 *   | {kind: "waiting", until: number, tooMany: boolean}} Connection `until`: milliseconds since 1970
 * @typedef {{url: string, lastSeq: () => number, onFrame: (frame: import("./wire.js").ServerFrame) => void,
 *   onConnection: (connection: Connection) => void, create?: (url: string) => WebSocket, random?: () => number}} Options
 */

export class ChatSocket {
  #options;
  #backoff;
  /** @type {WebSocket | null} */
  #socket = null;
  #ready = false;
  #readyAt = 0;
  #over = false;
  #patient = false;
  #timer = 0;
  #probe = 0;

  /** @param {Options} options */
  constructor(options) {
    this.#options = { create: (/** @type {string} */ url) => new WebSocket(url), ...options };
    this.#backoff = new Backoff(options.random);
  }

  /** True once the server has told us everything we missed. */
  get ready() {
    return this.#ready;
  }

  connect() {
    if (this.#over || this.#socket) return;
    clearTimeout(this.#timer);
    this.#patient = false;
    this.#options.onConnection({ kind: "connecting" });
    const socket = this.#options.create(this.#options.url);
    this.#socket = socket;
    socket.addEventListener("message", (event) => this.#receive(socket, event.data));
    socket.addEventListener("close", (event) => this.#closed(socket, event.code, event.reason));
    this.#probe = window.setTimeout(() => this.#abandon(socket), GREETING_MS);
  }

  /**
   * @param {Record<string, unknown>} frame
   * @returns {boolean} false where it was not sent
   */
  send(frame) {
    // Somebody is waiting: a pause that only keeps many tabs from coming at once need not be held.
    if (this.#patient) this.connect();
    if (!this.#ready || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Ask for what we miss. Where nothing comes, the line is dead though nobody said so: connect anew. */
  resume() {
    const socket = this.#socket;
    if (!socket || !this.send({ type: "resume", after_seq: this.#options.lastSeq() })) return this.connect();
    clearTimeout(this.#probe);
    this.#probe = window.setTimeout(() => this.#abandon(socket), PROBE_MS);
  }

  /**
   * @param {WebSocket} socket
   * @param {unknown} raw
   */
  #receive(socket, raw) {
    const frame = parseFrame(raw);
    if (socket !== this.#socket || !frame) return;
    clearTimeout(this.#probe);
    if (frame.type === "hello") socket.send(JSON.stringify({ type: "resume", after_seq: this.#options.lastSeq() }));
    const first = frame.type === "resumed" && !this.#ready;
    if (first) {
      this.#ready = true;
      this.#readyAt = Date.now();
    }
    this.#options.onFrame(frame);
    if (first) this.#options.onConnection({ kind: "open" });
  }

  /**
   * Leave a socket without waiting for its goodbye, which a dead line never brings.
   * @param {WebSocket} socket
   */
  #abandon(socket) {
    this.#closed(socket, LOST, "");
    socket.close();
  }

  /**
   * @param {WebSocket} socket
   * @param {number} code
   * @param {string} reason
   */
  #closed(socket, code, reason) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#probe);
    // A line that breaks as soon as it stands is no success: the waits go on growing.
    if (this.#ready && Date.now() - this.#readyAt > STEADY_MS) this.#backoff.reset();
    this.#socket = null;
    this.#ready = false;
    const meaning = meaningOfClose(code, reason, this.#options.random);
    if (meaning.kind === "signed_out" || meaning.kind === "not_found") {
      this.#over = true;
      this.#options.onConnection({ kind: meaning.kind });
      return;
    }
    this.#patient = meaning.kind === "restarting";
    const delay = "seconds" in meaning ? meaning.seconds * 1000 : this.#backoff.next();
    this.#options.onConnection({ kind: "waiting", until: Date.now() + delay, tooMany: meaning.kind === "wait" });
    this.#timer = window.setTimeout(() => this.connect(), delay);
  }
}
