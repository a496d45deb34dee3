// @ts-check
// Values of a request made readable for people: every argument in words, nothing left out, nothing invisible.

// Control, format (bidi, zero width), half, private, unassigned and separator characters, blanks but for the ordinary
// one, and then the letters and marks that show nothing, as tools/invisible.py has them.
const UNSEEN =
  /(?! )[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Zs}\u{115f}\u{1160}\u{2800}\u{3164}\u{ffa0}\u{034f}\u{17b4}\u{17b5}\u{180b}-\u{180d}\u{180f}\u{fe00}-\u{fe0f}\u{e0100}-\u{e01ef}]/gu;

/**
 * Characters that cannot be seen, shown as their code; a line break stays one.
 * @param {string} text
 */
export function visible(text) {
  return text.replace(UNSEEN, (found) => {
    if (found === "\n") return found;
    const code = (found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return `[U+${code}]`;
  });
}

/** `postal_code` -> `Postal code`, `weight_kg` -> `Weight (kg)`. @param {string} name */
export function inWords(name) {
  const words = name.replace(/_(kg|cm)$/, " ($1)").replaceAll("_", " ").trim();
  return visible(words.charAt(0).toUpperCase() + words.slice(1));
}

/**
 * Arguments as rows of name and value; what was left out is no row. A list of parcels becomes one row each:
 * `Parcels 1`: `Weight (kg): 2.5 · Contents: Books`.
 * @param {unknown} value
 * @param {string} name
 * @returns {{name: string, value: string}[]}
 */
export function rowsOf(value, name) {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => rowsOf(item, `${name} ${index + 1}`));
  return [{ name, value: inLine(value) }];
}

/**
 * @param {unknown} value
 * @returns {string}
 */
function inLine(value) {
  if (Array.isArray(value)) return value.map(inLine).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "object" || value === null) return visible(String(value));
  const known = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return known.map(([key, item]) => `${inWords(key)}: ${inLine(item)}`).join(" · ");
}
