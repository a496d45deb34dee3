// @ts-check
// Times in the reader's own zone and language.

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

/**
 * `14:05` today, `3 Nov, 14:05` on other days.
 * @param {string} iso
 * @param {Date} [now]
 */
export function shortTime(iso, now = new Date()) {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  return at.toDateString() === now.toDateString() ? TIME.format(at) : `${DAY.format(at)}, ${TIME.format(at)}`;
}

/**
 * @param {HTMLElement} element a <time>
 * @param {string} iso
 */
export function showTime(element, iso) {
  const at = new Date(iso);
  element.textContent = shortTime(iso);
  element.setAttribute("datetime", iso);
  element.title = Number.isNaN(at.getTime()) ? "" : FULL.format(at);
}
