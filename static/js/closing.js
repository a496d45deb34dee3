// @ts-check
// What the end of a socket means: over for good, wait as long as the server says, come back a little later, or try again.

const SIGNED_OUT = 4401;
const NOT_FOUND = 4404;
const TOO_MANY = 4429;
const RESTARTING = 1012;
const LONGEST_WAIT_S = 600;
const USUAL_WAIT_S = 30;
// A server that restarts closes every tab at once; they come back spread over this time.
const SPREAD_S = 12;

/**
 * @typedef {{kind: "signed_out" | "not_found" | "retry"} | {kind: "wait" | "restarting", seconds: number}} Closing
 */

/**
 * @param {number} code
 * @param {string} reason of 4429 and 1012: seconds
 * @param {() => number} random in [0, 1)
 * @returns {Closing}
 */
export function meaningOfClose(code, reason, random = Math.random) {
  if (code === SIGNED_OUT) return { kind: "signed_out" };
  if (code === NOT_FOUND) return { kind: "not_found" };
  const told = /^\d{1,9}$/.test(reason) ? Number(reason) : null;
  // The server counts in whole seconds, at each of which many tabs would come.
  if (code === RESTARTING) return { kind: "restarting", seconds: told === null ? random() * SPREAD_S : Math.min(told, 60) + random() };
  if (code !== TOO_MANY) return { kind: "retry" };
  return { kind: "wait", seconds: Math.min(LONGEST_WAIT_S, Math.max(1, told ?? USUAL_WAIT_S)) };
}
