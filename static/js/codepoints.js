// @ts-check
// Text counted in Unicode code points, as the server counts it. JavaScript's own length counts an emoji twice.

/** @param {string} text */
export function countCodePoints(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/**
 * The first `count` code points of `text`.
 * @param {string} text
 * @param {number} count
 */
export function firstCodePoints(text, count) {
  let end = 0;
  for (let taken = 0; taken < count && end < text.length; taken += 1) {
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}

/**
 * What may be sent: no NUL and no half of a surrogate pair, which the server refuses.
 * @param {string} text
 */
export function sendable(text) {
  return text.replaceAll("\0", "").replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "\ufffd");
}
