// @ts-check
// What the end of a socket means: over for good, wait as long as the server says, or try again.

const SIGNED_OUT = 4401;
const NOT_FOUND = 4404;
const TOO_MANY = 4429;
const LONGEST_WAIT_S = 600;
const USUAL_WAIT_S = 30;

/** @typedef {{kind: "signed_out" | "not_found" | "retry"} | {kind: "wait", seconds: number}} Closing */

/**
 * @param {number} code
 * @param {string} reason of 4429: seconds
 * @returns {Closing}
 */
export function meaningOfClose(code, reason) {
  if (code === SIGNED_OUT) return { kind: "signed_out" };
  if (code === NOT_FOUND) return { kind: "not_found" };
  if (code !== TOO_MANY) return { kind: "retry" };
  const seconds = /^\d+$/.test(reason) ? Number(reason) : USUAL_WAIT_S;
  return { kind: "wait", seconds: Math.min(LONGEST_WAIT_S, Math.max(1, seconds)) };
}
