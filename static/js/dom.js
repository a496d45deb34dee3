// @ts-check
// Pieces of the page: markup lives in the server's <template> elements, scripts only fill in the text.

/**
 * A fresh copy of the first element of `<template id="t-…">`.
 * @param {string} name
 * @returns {HTMLElement}
 */
export function stamp(name) {
  const template = document.getElementById(`t-${name}`);
  if (!(template instanceof HTMLTemplateElement)) throw new Error(`no template t-${name}`);
  const copy = /** @type {DocumentFragment} */ (document.importNode(template.content, true)).firstElementChild;
  if (!(copy instanceof HTMLElement)) throw new Error(`template t-${name} is empty`);
  return copy;
}

/**
 * The element marked `data-part="…"`.
 * @template {HTMLElement} [E=HTMLElement]
 * @param {ParentNode} root
 * @param {string} name
 * @returns {E}
 */
export function part(root, name) {
  const found = root.querySelector(`[data-part="${name}"]`);
  if (!(found instanceof HTMLElement)) throw new Error(`no part ${name}`);
  return /** @type {E} */ (found);
}

/**
 * Fill an element with text and hide it where there is none.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function setText(element, text) {
  element.textContent = text;
  element.hidden = text === "";
}
