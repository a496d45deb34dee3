// @ts-check
// The few marks of a model's text that we honour, as plain data: bold, italic, lists, code, links as words with their host.
// Pictures and markup are words like any other; nothing here or later makes HTML from text.

/**
 * @typedef {{kind: "text" | "bold" | "italic" | "code", text: string} | {kind: "link", text: string, host: string}} Inline
 * @typedef {{kind: "paragraph", lines: Inline[][]} | {kind: "list", ordered: boolean, start: number, items: Inline[][]}
 *   | {kind: "code", text: string}} Block
 */

const INLINE = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\*([^*\s][^*\n]*)\*|!?\[([^\]\n]*)\]\(([^()\s]+)\)/g;
const BULLET = /^\s{0,3}[-*•]\s+(.*)$/;
const NUMBERED = /^\s{0,3}(\d{1,4})[.)]\s+(.*)$/;
const HEADING = /^#{1,6}\s+(.*)$/;
const FENCE = /^\s{0,3}```/;
/** Characters that turn round what follows them: a host must not read backwards. */
const TURNERS = /[\u202a-\u202e]/g;
/** What relative addresses are relative to: no scheme of the web, so that `https:host` is not taken for one of ours. */
const HERE = "ftp://this.invalid/";

/**
 * @param {string} source
 * @returns {Block[]}
 */
export function parseRichText(source) {
  /** @type {Block[]} */
  const blocks = [];
  const lines = source.replaceAll("\r\n", "\n").replace(TURNERS, "").split("\n");
  let fresh = true;
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at];
    if (FENCE.test(line)) {
      const end = lines.findIndex((other, index) => index > at && FENCE.test(other));
      const last = end < 0 ? lines.length : end;
      blocks.push({ kind: "code", text: lines.slice(at + 1, last).join("\n") });
      at = last;
      fresh = true;
    } else if (line.trim() === "") {
      fresh = true;
    } else {
      addLine(blocks, line, fresh);
      fresh = false;
    }
  }
  return blocks;
}

/**
 * @param {Block[]} blocks
 * @param {string} line
 * @param {boolean} fresh
 */
function addLine(blocks, line, fresh) {
  const bullet = BULLET.exec(line);
  const numbered = bullet ? null : NUMBERED.exec(line);
  const last = blocks.at(-1);
  if (bullet || numbered) {
    const item = parseInline(bullet ? bullet[1] : (numbered?.[2] ?? ""));
    // A blank line between the items of a list is still the same list.
    if (last?.kind === "list" && last.ordered === !bullet) last.items.push(item);
    else blocks.push({ kind: "list", ordered: !bullet, start: Number(numbered?.[1] ?? 1), items: [item] });
    return;
  }
  const heading = HEADING.exec(line);
  if (heading) blocks.push({ kind: "paragraph", lines: [[{ kind: "bold", text: heading[1] }]] });
  else if (last?.kind === "paragraph" && !fresh) last.lines.push(parseInline(line));
  else blocks.push({ kind: "paragraph", lines: [parseInline(line)] });
}

/**
 * @param {string} line
 * @returns {Inline[]}
 */
export function parseInline(line) {
  /** @type {Inline[]} */
  const found = [];
  let from = 0;
  for (const match of line.matchAll(INLINE)) {
    if (match.index > from) found.push({ kind: "text", text: line.slice(from, match.index) });
    from = match.index + match[0].length;
    if (match[1] !== undefined) found.push({ kind: "code", text: match[1] });
    else if (match[2] !== undefined) found.push({ kind: "bold", text: match[2] });
    else if (match[3] !== undefined) found.push({ kind: "italic", text: match[3] });
    else found.push({ kind: "link", text: match[4], host: hostOf(match[5]) });
  }
  if (from < line.length) found.push({ kind: "text", text: line.slice(from) });
  return found;
}

/** Where an address leads, in words; nothing of its path, which may carry somebody's data. @param {string} address */
function hostOf(address) {
  try {
    const url = new URL(address, HERE);
    if (!["https:", "http:", "ftp:"].includes(url.protocol)) return "no web address";
    return url.host === new URL(HERE).host ? "this site" : url.host;
  } catch {
    return "no web address";
  }
}
