import { countCodePoints, firstCodePoints, sendable } from "/static/js/codepoints.js";
import { renderRichText } from "/static/js/render_text.js";
import { parseInline, parseRichText } from "/static/js/rich_text.js";
import { TurnText } from "/static/js/turn_text.js";
import { inWords, rowsOf, visible } from "/static/js/values.js";
import { equal, test } from "./harness.js";

test("counts and cuts in code points, not in halves of emoji", () => {
  equal(countCodePoints("a📦b"), 3);
  equal(firstCodePoints("a📦b", 2), "a📦");
  equal(firstCodePoints("ab", 9), "ab");
  equal(firstCodePoints("ab", 0), "");
});

test("takes out what the server refuses", () => {
  equal(sendable("a\0b"), "ab");
  equal(sendable("\ud83dx📦\udce6"), "\ufffdx📦\ufffd");
});

test("puts deltas together, cuts back at a smaller offset, and sees a missing piece", () => {
  const turn = new TurnText();

  equal(turn.add(0, "📦 is "), true);
  equal(turn.add(5, "on its way"), true);
  equal(turn.text, "📦 is on its way");
  equal(turn.add(2, "was delivered"), true);
  equal(turn.text, "📦 was delivered");
  equal(turn.add(99, "lost"), false);
  equal(turn.text, "📦 was delivered");
});

test("reads paragraphs, lists and code", () => {
  equal(parseRichText("One\ntwo\n\nthree"), [
    { kind: "paragraph", lines: [[{ kind: "text", text: "One" }], [{ kind: "text", text: "two" }]] },
    { kind: "paragraph", lines: [[{ kind: "text", text: "three" }]] },
  ]);
  equal(parseRichText("3. c\n4. d"), [
    { kind: "list", ordered: true, start: 3, items: [[{ kind: "text", text: "c" }], [{ kind: "text", text: "d" }]] },
  ]);
  equal(parseRichText("```\n<b>x</b>\n")[0], { kind: "code", text: "<b>x</b>\n" });
  equal(parseRichText("## Title")[0], { kind: "paragraph", lines: [[{ kind: "bold", text: "Title" }]] });
});

test("reads marks inside a line and leaves arithmetic alone", () => {
  equal(parseInline("**A** *b* `c` 2 * 3 * 4"), [
    { kind: "bold", text: "A" },
    { kind: "text", text: " " },
    { kind: "italic", text: "b" },
    { kind: "text", text: " " },
    { kind: "code", text: "c" },
    { kind: "text", text: " 2 * 3 * 4" },
  ]);
});

test("links and pictures are words with their host, never the path", () => {
  equal(parseInline("[us](https://evil.example/?d=secret)"), [{ kind: "link", text: "us", host: "evil.example" }]);
  equal(parseInline("![p](https://evil.example/p.png)"), [{ kind: "link", text: "p", host: "evil.example" }]);
  equal(parseInline("[x](javascript:alert)")[0], { kind: "link", text: "x", host: "no web address" });
  equal(parseInline("[x](/track/)")[0], { kind: "link", text: "x", host: "this site" });
  equal(parseInline("[x](//evil.example)")[0], { kind: "link", text: "x", host: "no web address" });
});

test("markup in a model's text stays text", () => {
  const box = document.createElement("div");
  box.append(renderRichText('<img src=x onerror="alert(1)"> **<script>** [<b>](https://evil.example/x)\n\n- <a href=x>y</a>'));

  equal([...box.querySelectorAll("*")].map((node) => node.localName), ["p", "strong", "span", "ul", "li"]);
  equal(box.querySelector("strong")?.textContent, "<script>");
  equal(box.querySelector("span")?.textContent, "<b> (evil.example)");
});

test("a long hostile line is read in no time", () => {
  const began = performance.now();
  parseRichText("[".repeat(20000) + "**".repeat(20000) + "`".repeat(20001) + "![](".repeat(9999));

  equal(performance.now() - began < 1000, true);
});

test("shows what cannot be seen", () => {
  equal(visible("a\u202eb\u200bc\u0007\nd"), "a[U+202E]b[U+200B]c[U+0007]\nd");
  equal(visible("Grüße, 東京"), "Grüße, 東京");
});

test("makes every argument readable", () => {
  equal(inWords("postal_code"), "Postal code");
  equal(inWords("weight_kg"), "Weight (kg)");
  equal(rowsOf([{ weight_kg: 2.5, contents: "Books" }, { weight_kg: 1, contents: null }], "Parcels"), [
    { name: "Parcels 1", value: "Weight (kg): 2.5 · Contents: Books" },
    { name: "Parcels 2", value: "Weight (kg): 1" },
  ]);
  equal(rowsOf(false, "Hold at depot"), [{ name: "Hold at depot", value: "no" }]);
  equal(rowsOf(null, "Street"), []);
});
