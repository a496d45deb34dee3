// @ts-check
// Parsed text as nodes. Every character comes in by textContent.

import { parseRichText } from "./rich_text.js";

/** @typedef {import("./rich_text.js").Inline} Inline */

/**
 * @param {string} source
 * @returns {DocumentFragment}
 */
export function renderRichText(source) {
  const fragment = document.createDocumentFragment();
  for (const block of parseRichText(source)) {
    if (block.kind === "code") fragment.append(withText("pre", block.text));
    else if (block.kind === "list") fragment.append(list(block));
    else fragment.append(paragraph(block.lines));
  }
  return fragment;
}

/** @param {Inline[][]} lines */
function paragraph(lines) {
  const element = document.createElement("p");
  lines.forEach((line, index) => element.append(...(index ? [document.createElement("br")] : []), ...line.map(inline)));
  return element;
}

/** @param {{ordered: boolean, start: number, items: Inline[][]}} block */
function list(block) {
  const element = document.createElement(block.ordered ? "ol" : "ul");
  if (element instanceof HTMLOListElement) element.start = block.start;
  for (const item of block.items) {
    const entry = document.createElement("li");
    entry.append(...item.map(inline));
    element.append(entry);
  }
  return element;
}

/**
 * @param {Inline} token
 * @returns {Node}
 */
function inline(token) {
  if (token.kind === "bold") return withText("strong", token.text);
  if (token.kind === "italic") return withText("em", token.text);
  if (token.kind === "code") return withText("code", token.text);
  if (token.kind === "link") return link(token.text, token.host);
  return document.createTextNode(token.text);
}

/** Words and the host, each for itself: neither can turn the other round. @param {string} text @param {string} host */
function link(text, host) {
  const element = document.createElement("span");
  element.className = "link-words";
  if (text) element.append(withText("bdi", text), " (", withText("bdi", host), ")");
  else element.append(withText("bdi", host));
  return element;
}

/**
 * @param {string} name
 * @param {string} text
 */
function withText(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}
