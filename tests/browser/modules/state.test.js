import { mayConfirm, mayWithdraw, mergeCall, reasonOf, stepsOf, warningOf, wordingOf } from "/static/js/calls.js";
import { Conversation } from "/static/js/conversation.js";
import { Order, RANK, UNSENT } from "/static/js/order.js";
import { parseFrame } from "/static/js/wire.js";
import { equal, test } from "./harness.js";

const message = (seq, author, more = {}) => ({
  type: "message", seq, author, text: "x", data: null, created_at: "2026-01-01T00:00:00Z", turn_id: "t1", ...more,
});
const call = (seq, state, more = {}) => ({
  type: "call", seq, call_id: "c1", turn_id: "t1", tool: "update_profile", effect: "write", label: "Change your profile",
  state, summary: "Change phone", reason: null, ...more,
});

test("frames that are none are none", () => {
  equal(parseFrame("{"), null);
  equal(parseFrame("[1]"), null);
  equal(parseFrame("null"), null);
  equal(parseFrame(new ArrayBuffer(1)), null);
  equal(parseFrame('{"type": "later"}'), { type: "later" });
});

test("takes each number once and in order", () => {
  const talk = new Conversation();

  equal(talk.accept(message(1, "customer")), "new");
  equal(talk.accept(message(1, "customer")), "known");
  equal(talk.accept(message(3, "assistant")), "gap");
  equal(talk.lastSeq, 1);
  equal(talk.accept({ type: "ack", seq: 99 }), "new");
  equal(talk.lastSeq, 1);
});

test("follows a turn from its message to its end", () => {
  const talk = new Conversation();
  talk.accept(message(1, "customer"));
  equal(talk.runningTurn, null);

  talk.accept({ type: "turn", turn_id: "t1", state: "running", error: null });
  talk.accept({ type: "delta", turn_id: "t1", offset: 0, text: "Hel" });
  talk.accept({ type: "delta", turn_id: "t1", offset: 3, text: "lo" });

  equal(talk.runningTurn, "t1");
  equal(talk.turn("t1").text.text, "Hello");
  equal(talk.accept({ type: "delta", turn_id: "t1", offset: 50, text: "?" }), "gap");
  talk.accept(message(2, "assistant", { text: "Hello." }));
  equal(talk.turn("t1").text.text, "");
  talk.accept({ type: "turn", seq: 3, turn_id: "t1", state: "done", error: null });
  equal(talk.runningTurn, null);
  equal(talk.accept({ type: "delta", turn_id: "t1", offset: 0, text: "late" }), "known");
});

test("knows which messages wait in line, and only while another turn runs", () => {
  const talk = new Conversation();
  talk.accept(message(1, "customer", { turn_id: "t1" }));
  talk.accept(message(2, "customer", { turn_id: "t2" }));
  talk.accept(message(3, "customer", { turn_id: null }));
  equal(talk.waitingTurns, []);

  talk.accept({ type: "turn", turn_id: "t1", state: "running", error: null });

  equal(talk.waitingTurns, ["t2"]);
});

test("knows who talks", () => {
  const talk = new Conversation();

  talk.accept(message(1, "system", { turn_id: null, data: { type: "handoff", state: "waiting" } }));

  equal(talk.handoff, "waiting");
});

test("a request keeps what was asked after its frames stop saying it", () => {
  const changes = [{ field: "phone", label: "Phone", before: "1", after: "2" }];
  const asked = mergeCall(undefined, call(4, "awaiting_confirmation", {
    changes, arguments: { phone: "2" }, digest: "d", expires_at: "2026-01-01T00:15:00Z", approvals: { have: 0, need: 1 },
  }));

  const done = mergeCall(asked, call(9, "succeeded"));

  equal(done.changes, changes);
  equal(done.arguments, { phone: "2" });
  equal(done.seq, 4);
  equal([mayConfirm(asked), mayWithdraw(asked)], [true, true]);
  equal([mayConfirm(done), mayWithdraw(done)], [false, false]);
});

test("a read call is told from a write by its first frame where the wire does not say", () => {
  equal(mergeCall(undefined, call(1, "running", { effect: undefined })).kind, "read");
  equal(mergeCall(undefined, call(1, "awaiting_confirmation", { effect: undefined })).kind, "write");
});

test("every state of a request has words", () => {
  const states = ["awaiting_confirmation", "awaiting_verification", "awaiting_approval", "approved", "executing",
    "needs_reconciliation", "succeeded", "failed", "stale", "withdrawn", "declined", "expired", "superseded", "refused"];

  const titles = states.map((state) => wordingOf(mergeCall(undefined, call(1, state))).title);

  equal(titles.includes("In progress"), false);
  equal(wordingOf(mergeCall(undefined, call(1, "new_state"))).title, "In progress");
});

test("approvals are counted where two people must agree", () => {
  const waiting = mergeCall(undefined, call(1, "awaiting_approval", { approvals: { have: 1, need: 2 } }));

  equal(wordingOf(waiting).hint.includes("1 of 2"), true);
});

test("the way shows the old e-mail address for good once it was asked", () => {
  const verifying = mergeCall(undefined, call(1, "awaiting_verification", { approvals: { have: 0, need: 1 } }));
  const waiting = mergeCall(verifying, call(2, "awaiting_approval", { approvals: { have: 0, need: 1 } }));

  equal(stepsOf(verifying).map((step) => step.state), ["past", "now", "next", "next"]);
  equal(stepsOf(waiting).map((step) => step.state), ["past", "past", "now", "next"]);
});

test("the way has no staff where a tool needs none", () => {
  const asked = mergeCall(undefined, call(1, "awaiting_confirmation", { approvals: { have: 0, need: 0 } }));

  equal(stepsOf(asked).map((step) => step.name), ["You confirm", "Done"]);
  equal(stepsOf(mergeCall(asked, call(2, "declined"))), []);
});

test("a person's reason is shown, a code is not", () => {
  equal(reasonOf(mergeCall(undefined, call(1, "declined", { reason: "Ask your depot." }))), "Ask your depot.");
  equal(reasonOf(mergeCall(undefined, call(1, "refused", { reason: "tampered" }))), "");
});

test("an answer stands below its question though the next question came first", () => {
  const order = new Order();
  order.put("q1", order.place("t1", RANK.said, 1));
  order.put("live", order.place("t1", RANK.answer, UNSENT));
  order.put("q2", order.place("t2", RANK.said, 2));
  order.put("unsent", [UNSENT, RANK.said, UNSENT]);
  order.put("card", order.place("t1", RANK.request, 3));
  equal(order.keys(), ["q1", "live", "card", "q2", "unsent"]);

  order.remove("live");
  order.put("a1", order.place("t1", RANK.answer, 4));
  order.put("told", order.place(null, RANK.end, 5));
  order.put("a2", order.place("t2", RANK.answer, 6));

  equal(order.keys(), ["q1", "a1", "card", "q2", "a2", "told", "unsent"]);
});

test("unsent messages keep their order when one is drawn again", () => {
  const order = new Order();
  for (const key of ["one", "two"]) order.put(key, [UNSENT, RANK.said, UNSENT]);

  equal(order.put("one", [UNSENT, RANK.said, UNSENT]), "two");

  equal(order.keys(), ["one", "two"]);
});

test("a request from somebody else's text says so while it can be confirmed", () => {
  const asked = mergeCall(undefined, call(1, "awaiting_confirmation", { digest: "d", flags: ["from_data", "new_flag"] }));

  equal(warningOf(asked).startsWith("Part of this was taken from a text that somebody else wrote"), true);
  equal(warningOf(mergeCall(asked, call(2, "awaiting_approval", { flags: ["from_data"] }))), "");
  equal(warningOf(mergeCall(undefined, call(1, "awaiting_confirmation", { digest: "d", flags: [] }))), "");
  equal(warningOf(mergeCall(undefined, call(1, "awaiting_confirmation", { digest: "d" }))), "");
});
