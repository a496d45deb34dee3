import { Backoff } from "/static/js/backoff.js";
import { meaningOfClose } from "/static/js/closing.js";
import { Outbox } from "/static/js/outbox.js";
import { ChatSocket } from "/static/js/socket.js";
import { randomUuid } from "/static/js/uuid.js";
import { equal, test } from "./harness.js";

/** An outbox on a line that can be cut; `sent` holds what went out. */
function desk(ackMs = 60_000) {
  const made = { up: true, sent: [], states: new Map() };
  made.outbox = new Outbox({
    send: (frame) => made.up && Boolean(made.sent.push(frame)),
    onChange: (unsent) => made.states.set(unsent.text, unsent.state),
    ackMs,
  });
  return made;
}

test("waits longer each time, never in step with others, never for ever", () => {
  const early = new Backoff(() => 0);
  const late = new Backoff(() => 0.999999);

  equal([early.next(), early.next(), early.next()], [250, 500, 1000]);
  equal([late.next(), late.next()], [500, 1000]);
  for (let tries = 0; tries < 20; tries += 1) late.next();
  equal(late.next(), 10_000);
  late.reset();
  equal(late.next(), 500);
});

test("knows what an end of the line means", () => {
  equal(meaningOfClose(4401, "").kind, "signed_out");
  equal(meaningOfClose(4404, "").kind, "not_found");
  equal(meaningOfClose(4429, "7"), { kind: "wait", seconds: 7 });
  equal(meaningOfClose(4429, "soon"), { kind: "wait", seconds: 30 });
  equal(meaningOfClose(4429, "999999"), { kind: "wait", seconds: 600 });
  for (const code of [1006, 1009, 1013]) equal(meaningOfClose(code, "").kind, "retry");
});

test("tabs come back to a restarted server one after the other", () => {
  equal(meaningOfClose(1012, "7", () => 0.25), { kind: "restarting", seconds: 7.25 });
  equal(meaningOfClose(1012, "", () => 0), { kind: "restarting", seconds: 0 });
  equal(meaningOfClose(1012, "99999", () => 0).seconds, 60);
  const waits = Array.from({ length: 200 }, () => meaningOfClose(1012, "soon").seconds);
  equal(Math.max(...waits) - Math.min(...waits) >= 10, true);
  equal(Math.max(...waits) <= 12, true);
});

/** A socket whose line the test ends; `lines` counts the connections that were opened. */
function wire() {
  const made = { lines: [], states: [] };
  made.socket = new ChatSocket({
    url: "ws://nowhere",
    lastSeq: () => 0,
    onFrame: () => {},
    onConnection: (connection) => made.states.push(connection),
    create: () => {
      made.lines.push(Object.assign(new EventTarget(), { send: () => {}, close: () => {}, readyState: 1 }));
      return made.lines.at(-1);
    },
    random: () => 0.5,
  });
  made.end = (code, reason) => made.lines.at(-1).dispatchEvent(Object.assign(new Event("close"), { code, reason }));
  return made;
}

test("a tab waits as long as the restarting server told it, unless somebody writes", () => {
  const line = wire();
  line.socket.connect();
  line.end(1012, "9");
  const { kind, until } = line.states.at(-1);
  equal([kind, until - Date.now() > 9000, until - Date.now() <= 9500], ["waiting", true, true]);
  equal(line.lines.length, 1);

  line.socket.send({ type: "feedback" });

  equal(line.lines.length, 2);
  line.end(4429, "9");
  line.socket.send({ type: "feedback" });
  equal(line.lines.length, 2);
});

test("makes uuids of version 4 without a secure context", () => {
  equal(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(randomUuid()), true);
  equal(randomUuid() === randomUuid(), false);
});

test("what was not sent goes out once when the line is back, in order, under its own id", () => {
  const box = desk();
  box.up = false;
  const first = box.outbox.add("one");
  box.outbox.add("two");
  equal([...box.states], [["one", "failed"], ["two", "failed"]]);
  equal(box.sent, []);

  box.up = true;
  box.outbox.lineBack();
  box.outbox.lineBack();

  equal(box.sent.map((frame) => frame.text), ["one", "two"]);
  equal(box.sent[0].client_msg_id, first);
});

test("an answer settles a message", () => {
  const box = desk();
  const id = box.outbox.add("one");

  equal(box.outbox.settle(id), true);
  box.outbox.lineLost();
  box.outbox.lineBack();

  equal(box.sent.length, 1);
  equal(box.outbox.has(id), false);
});

test("no answer in time is a failure, and another try keeps the id", async () => {
  const box = desk(5);
  const id = box.outbox.add("one");
  const failed = new Promise((resolve) => {
    const look = () => (box.states.get("one") === "failed" ? resolve(true) : requestAnimationFrame(look));
    look();
  });

  equal(await failed, true);
  box.outbox.retry(id);

  equal(box.sent.map((frame) => frame.client_msg_id), [id, id]);
});

test("a message that breaks the line every time is not sent for ever", () => {
  const box = desk();
  box.outbox.add("poison");
  for (let drops = 0; drops < 10; drops += 1) {
    box.outbox.lineLost();
    box.outbox.lineBack();
  }

  equal(box.sent.length, 3);
});

test("what the server refused waits for the customer", () => {
  const box = desk();
  const id = box.outbox.add("one");

  equal(box.outbox.refuse(id, "Too many messages.", true), true);
  box.outbox.lineBack();
  equal(box.sent.length, 1);
  box.outbox.retry(id);

  equal(box.sent.length, 2);
  equal(box.outbox.refuse("another", "", true), false);
});
