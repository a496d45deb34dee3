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
  equal(parseInline("[x](//evil.example)")[0], { kind: "link", text: "x", host: "evil.example" });
});

test("the host that is shown is the one a browser would go to", () => {
  const host = (/** @type {string} */ address) => /** @type {any} */ (parseInline(`[x](${address})`)[0]).host;

  equal(host("https://good.example@evil.example/x"), "evil.example");
  equal(host("https://good.example:pw@evil.example:8443"), "evil.example:8443");
  equal(host("/\\evil.example/x"), "evil.example");
  equal(host("\\\\evil.example"), "evil.example");
  equal(host("https:\\\\evil.example"), "evil.example");
  equal(host("https:evil.example"), "evil.example");
  equal(host("HTTPS://EVIL.example"), "evil.example");
  equal(host("https://gооd.example/"), "xn--gd-fmca.example");
  equal(host("https://good.example.evil.example/?https://good.example"), "good.example.evil.example");
  equal(host("https://2130706433/"), "127.0.0.1");
  equal(host("data:text/html,<script>alert`1`</script>"), "no web address");
  equal(host("vbscript:x"), "no web address");
  equal(host("JaVaScRiPt:alert"), "no web address");
  equal(host("blob:https://evil.example/1"), "no web address");
  equal(host("chat/../x"), "this site");
});

test("nothing of a picture or a reference becomes more than words", () => {
  const hostile = [
    "![p](https://evil.example/p.png?d=CANARY)",
    "![p][r]\n\n[r]: https://evil.example/p.png?d=CANARY",
    "[![p](https://evil.example/p.png)](https://evil.example/)",
    "<img src=https://evil.example/p.png>",
    "<https://evil.example/?d=CANARY>",
    "https://evil.example/?d=CANARY",
    '<a href="javascript:alert(1)" style="background:url(//evil.example)">x</a>',
    "<svg><image href=//evil.example/p.png /></svg> <iframe srcdoc=x></iframe> <style>@import '//evil.example'</style>",
  ];
  const box = document.createElement("div");
  box.append(...hostile.map(renderRichText));

  equal([...new Set([...box.querySelectorAll("*")].map((node) => node.localName))].sort(), ["bdi", "p", "span"]);
  equal([...box.querySelectorAll("*")].flatMap((node) => node.getAttributeNames()).filter((name) => name !== "class"), []);
});

test("text that runs backwards cannot turn a host round", () => {
  const box = document.createElement("div");
  box.append(renderRichText("[\u202eelpmaxe.doog\u2066](https://evil.example/)"));

  equal(box.textContent, "elpmaxe.doog\u2066 (evil.example)");
  equal([...box.querySelectorAll("bdi")].map((node) => node.textContent), ["elpmaxe.doog\u2066", "evil.example"]);
});

test("markup in a model's text stays text", () => {
  const box = document.createElement("div");
  box.append(renderRichText('<img src=x onerror="alert(1)"> **<script>** [<b>](https://evil.example/x)\n\n- <a href=x>y</a>'));

  equal([...box.querySelectorAll("*")].map((node) => node.localName), ["p", "strong", "span", "bdi", "bdi", "ul", "li"]);
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
