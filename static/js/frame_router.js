// @ts-check
// Takes each frame of the server into the state, then to the view that shows it. It sends nothing but "resume".

/**
 * @typedef {{conversation: import("./conversation.js").Conversation, socket: import("./socket.js").ChatSocket,
 *   outbox: import("./outbox.js").Outbox, messages: import("./messages.js").Messages,
 *   calls: import("./call_views.js").CallViews, turns: import("./turn_views.js").TurnViews,
 *   head: import("./page_head.js").PageHead, say: (text: string) => void, warn: (text: string) => void,
 *   changed: () => void}} Views changed: something besides the log may look different now
 */

export class FrameRouter {
  #views;
  /** Nothing of the past is announced: true once the server has told it. */
  #told = false;

  /** @param {Views} views */
  constructor(views) {
    this.#views = views;
  }

  /** True once the conversation so far is on the page. */
  get told() {
    return this.#told;
  }

  /** @param {import("./wire.js").ServerFrame} frame */
  receive(frame) {
    const { conversation, calls, socket } = this.#views;
    const verdict = conversation.accept(frame);
    if (verdict === "gap") return socket.resume();
    if (verdict === "known") {
      if (frame.type === "call") calls.release(frame.call_id);
      return;
    }
    this.#show(frame);
    this.#views.changed();
  }

  /** @param {import("./wire.js").ServerFrame} frame */
  #show(frame) {
    const { conversation, outbox, calls, turns, head, say } = this.#views;
    if (frame.type === "hello") head.showModel(frame.model);
    else if (frame.type === "resumed") this.#resumed();
    else if (frame.type === "ack" && frame.client_msg_id) this.#acked(frame.client_msg_id);
    else if (frame.type === "message") this.#message(frame);
    else if (frame.type === "call") this.#call(frame.call_id);
    else if (frame.type === "turn") turns.show(frame);
    else if (frame.type === "delta") turns.showText(frame.turn_id, conversation.turn(frame.turn_id).text.text);
    else if (frame.type === "notice") {
      if (conversation.runningTurn) turns.showNotice(conversation.runningTurn, frame.text);
      say(frame.text);
    } else if (frame.type === "error") {
      const why = withWait(frame);
      const shown =
        (frame.client_msg_id && outbox.refuse(frame.client_msg_id, why, frame.retryable)) ||
        (frame.call_id && calls.showError(frame.call_id, why));
      if (frame.turn_id) conversation.turn(frame.turn_id).stopping = false;
      if (!shown) this.#views.warn(why);
      say(why);
    }
    head.showHandoff(conversation.handoff);
  }

  #resumed() {
    this.#told = true;
    this.#views.calls.release();
    this.#views.outbox.lineBack();
  }

  /** @param {string} id */
  #acked(id) {
    this.#views.outbox.settle(id);
    this.#views.messages.showAcked(id);
  }

  /** @param {import("./wire.js").MessageFrame} frame */
  #message(frame) {
    if (frame.client_msg_id) this.#views.outbox.settle(frame.client_msg_id);
    if (frame.turn_id && frame.author !== "customer") this.#views.turns.answered(frame.turn_id);
    const news = this.#views.messages.show(frame);
    if (this.#told) this.#views.say(news);
  }

  /** @param {string} id */
  #call(id) {
    const call = this.#views.conversation.calls.get(id);
    if (!call) return;
    const news = this.#views.calls.show(call);
    if (this.#told) this.#views.say(news);
  }
}

/**
 * The server's sentence; where it says how long to wait, that too.
 * @param {import("./wire.js").ErrorFrame} frame
 */
function withWait(frame) {
  return frame.retry_after ? `${frame.message} (${frame.retry_after} s)` : frame.message;
}
