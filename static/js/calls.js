// @ts-check
// A call of one of our functions, as the customer sees it: what was asked, how far it is, what they can do now.

/**
 * @typedef {{id: string, kind: "read" | "write", tool: string, label: string, state: string, summary: string,
 *   reason: string, changes: import("./wire.js").Change[], arguments: Record<string, any>, digest: string,
 *   expiresAt: string, approvals: import("./wire.js").Approvals | null, verified: boolean, turnId: string | null,
 *   flags: string[], seq: number}} Call verified: it goes by the old e-mail address
 * @typedef {"wait" | "good" | "bad" | "calm" | "info"} Tone
 * @typedef {{title: string, hint: string, tone: Tone}} Wording
 * @typedef {{name: string, state: "past" | "now" | "next" | "ended"}} Step
 */

/** @type {Record<string, Wording>} */
const WORDING = {
  awaiting_confirmation: { tone: "wait", title: "Waiting for you", hint: "Please check every line. Nothing happens until you confirm." },
  awaiting_verification: { tone: "wait", title: "Check your e-mail", hint: "We sent a link to your old e-mail address. Open it and agree, then our staff look at it." },
  awaiting_approval: { tone: "info", title: "With our staff", hint: "Confirmed by you. Nothing changes until our staff approve it." },
  approved: { tone: "info", title: "Approved", hint: "Our staff approved it. It is about to be carried out." },
  executing: { tone: "info", title: "Being done", hint: "It is being carried out right now." },
  needs_reconciliation: { tone: "wait", title: "Being checked", hint: "We could not see whether it went through. Our staff are finding out, you need not do anything." },
  succeeded: { tone: "good", title: "Done", hint: "" },
  failed: { tone: "bad", title: "Not done", hint: "It could not be carried out. Nothing was changed." },
  stale: { tone: "bad", title: "Not done", hint: "Something changed in the meantime, so it was not carried out. Please ask again." },
  withdrawn: { tone: "calm", title: "Withdrawn", hint: "You withdrew it. Nothing was changed." },
  declined: { tone: "bad", title: "Declined", hint: "Our staff declined it. Nothing was changed." },
  expired: { tone: "calm", title: "Expired", hint: "It was not agreed to in time. Nothing was changed; ask again if you still want it." },
  superseded: { tone: "calm", title: "Replaced", hint: "A newer request takes its place." },
  refused: { tone: "bad", title: "Not possible", hint: "A check before carrying it out failed. Nothing was changed." },
};

/** @type {Record<string, string>} */
const WARNINGS = {
  from_data: "Part of this was taken from a text that somebody else wrote, not from your words. Confirm only if you want exactly this.",
  unasked: "You did not ask for this in words. If you do not want it, withdraw it.",
};

/** @type {Wording} */
const UNKNOWN = { tone: "calm", title: "In progress", hint: "" };
const WITHDRAWABLE = new Set(["awaiting_confirmation", "awaiting_verification", "awaiting_approval", "approved"]);
const GOOD_TO_SHOW_REASON = new Set(["declined", "failed", "stale", "refused"]);
/** Codes that stand in `reason` for a program, not for a person. */
const CODES = new Set(["tampered", "not_permitted"]);

/**
 * A call's frames carry what was asked only while it waits; the card goes on showing it.
 * @param {Call | undefined} earlier
 * @param {import("./wire.js").CallFrame} frame
 * @returns {Call}
 */
export function mergeCall(earlier, frame) {
  return {
    id: frame.call_id,
    kind: frame.effect ?? earlier?.kind ?? (frame.state === "running" ? "read" : "write"),
    tool: frame.tool,
    label: frame.label || earlier?.label || "",
    state: frame.state,
    summary: frame.summary || earlier?.summary || "",
    reason: frame.reason ?? "",
    changes: frame.changes ?? earlier?.changes ?? [],
    arguments: frame.arguments ?? earlier?.arguments ?? {},
    digest: frame.digest ?? "",
    expiresAt: frame.expires_at ?? "",
    approvals: frame.approvals ?? earlier?.approvals ?? null,
    flags: frame.flags ?? [],
    verified: earlier?.verified || frame.state === "awaiting_verification",
    turnId: frame.turn_id ?? earlier?.turnId ?? null,
    seq: earlier?.seq ?? frame.seq,
  };
}

/**
 * @param {Call} call
 * @returns {Wording}
 */
export function wordingOf(call) {
  const wording = WORDING[call.state] ?? UNKNOWN;
  const { have, need } = call.approvals ?? { have: 0, need: 0 };
  if (call.state === "awaiting_approval" && need > 1) {
    return { ...wording, hint: `Confirmed by you. ${have} of ${need} approvals given; nothing changes before.` };
  }
  if (call.state === "approved" && need === 0) return { ...wording, title: "Confirmed", hint: "It is about to be carried out." };
  return wording;
}

/** What to look at twice before one agrees. @param {Call} call */
export function warningOf(call) {
  if (!mayConfirm(call)) return "";
  return call.flags.map((flag) => WARNINGS[flag] ?? "").filter(Boolean).join(" ");
}

/** The reason a person gave, if the customer is to see it. @param {Call} call */
export function reasonOf(call) {
  return GOOD_TO_SHOW_REASON.has(call.state) && !CODES.has(call.reason) ? call.reason : "";
}

/** @param {Call} call */
export function mayConfirm(call) {
  return call.state === "awaiting_confirmation" && call.digest !== "";
}

/** @param {Call} call */
export function mayWithdraw(call) {
  return WITHDRAWABLE.has(call.state);
}

/**
 * The way of a request in three or four steps, and how far it is.
 * @param {Call} call
 * @returns {Step[]}
 */
export function stepsOf(call) {
  const names = ["You confirm"];
  if (call.verified) names.push("Old e-mail address agrees");
  if ((call.approvals?.need ?? 1) > 0) names.push("Staff approve");
  names.push("Done");
  const at = {
    awaiting_confirmation: 0,
    awaiting_verification: 1,
    awaiting_approval: names.length - 2,
    approved: names.length - 1,
    executing: names.length - 1,
    needs_reconciliation: names.length - 1,
    succeeded: names.length,
  }[call.state];
  if (at === undefined) return [];
  return names.map((name, index) => ({ name, state: index < at ? "past" : index === at ? "now" : "next" }));
}
