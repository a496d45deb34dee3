// @ts-check
// The shapes of the websocket's frames, and the one place that turns a text frame into an object.

/**
 * @typedef {{field: string, label: string, before: string | null, after: string | null, risk?: boolean}} Change
 * @typedef {{have: number, need: number}} Approvals
 * @typedef {{type: "hello", protocol: number, conversation: string, last_seq: number, model: string}} HelloFrame
 * @typedef {{type: "ack", seq: number, client_msg_id?: string}} AckFrame
 * @typedef {"customer" | "assistant" | "staff" | "system"} Author
 * @typedef {{type: "message", seq: number, author: Author, text: string, data: Record<string, any> | null,
 *   created_at: string, turn_id: string | null, client_msg_id?: string | null}} MessageFrame
 * @typedef {{type: "call", seq: number, call_id: string, turn_id: string | null, tool: string, effect?: "read" | "write",
 *   label: string, state: string, summary: string | null, reason: string | null, arguments?: Record<string, any> | null,
 *   changes?: Change[] | null, digest?: string | null, expires_at?: string | null, flags?: string[],
 *   approvals?: Approvals | null}} CallFrame
 * @typedef {{code: string, message: string}} TurnError
 * @typedef {{type: "turn", seq?: number, turn_id: string, state: "running" | "done" | "failed" | "cancelled",
 *   error: TurnError | null}} TurnFrame
 * @typedef {{type: "delta", turn_id: string, offset: number, text: string}} DeltaFrame
 * @typedef {{type: "notice", code: string, text: string, turn_id?: string}} NoticeFrame
 * @typedef {{type: "resumed", last_seq: number}} ResumedFrame
 * @typedef {{type: "error", code: string, message: string, retryable: boolean, retry_after?: number,
 *   client_msg_id?: string, call_id?: string, turn_id?: string}} ErrorFrame
 * @typedef {HelloFrame | AckFrame | MessageFrame | CallFrame | TurnFrame | DeltaFrame | NoticeFrame | ResumedFrame
 *   | ErrorFrame} ServerFrame
 */

/**
 * The frame, or null where the text is none. Types we do not know yet are passed on; the page ignores them.
 * @param {unknown} raw
 * @returns {ServerFrame | null}
 */
export function parseFrame(raw) {
  if (typeof raw !== "string") return null;
  try {
    const frame = JSON.parse(raw);
    return frame !== null && typeof frame === "object" && typeof frame.type === "string" ? frame : null;
  } catch {
    return null;
  }
}
