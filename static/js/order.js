// @ts-check
// Where each thing stands in the conversation. An answer stays below its question even when the next question was
// stored before the answer was finished; what belongs to no turn stands where its number says.

/** @typedef {[group: number, rank: number, seq: number]} Place */

export const RANK = { said: 0, answer: 1, request: 2, end: 3 };
export const UNSENT = Number.MAX_SAFE_INTEGER;

export class Order {
  /** @type {Map<string, number>} */
  #firstSeq = new Map();
  /** @type {{key: string, place: Place}[]} */
  #items = [];

  /**
   * The place of something with number `seq`; a turn begins at the lowest number seen of it.
   * @param {string | null} turnId
   * @param {number} rank
   * @param {number} seq
   * @returns {Place}
   */
  place(turnId, rank, seq) {
    if (turnId === null) return [seq, RANK.said, seq];
    const first = this.#firstSeq.get(turnId) ?? seq;
    if (seq !== UNSENT) this.#firstSeq.set(turnId, first);
    return [first, rank, seq];
  }

  /**
   * Put `key` at `place`, moving it where it already stands elsewhere.
   * @param {string} key
   * @param {Place} place
   * @returns {string | null} the key that now follows it
   */
  put(key, place) {
    const now = this.#items.findIndex((item) => item.key === key);
    if (now >= 0 && compare(this.#items[now].place, place) === 0) return this.#items[now + 1]?.key ?? null;
    this.remove(key);
    let at = this.#items.length;
    while (at > 0 && compare(this.#items[at - 1].place, place) > 0) at -= 1;
    this.#items.splice(at, 0, { key, place });
    return this.#items[at + 1]?.key ?? null;
  }

  /** @param {string} key */
  remove(key) {
    const at = this.#items.findLastIndex((item) => item.key === key);
    if (at >= 0) this.#items.splice(at, 1);
  }

  keys() {
    return this.#items.map((item) => item.key);
  }
}

/**
 * @param {Place} a
 * @param {Place} b
 */
function compare(a, b) {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
