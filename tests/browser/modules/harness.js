// @ts-check
// The smallest test runner that does: collect, run in the page, say what failed.

/** @type {{name: string, body: () => unknown}[]} */
const tests = [];

/** @param {string} name @param {() => unknown} body */
export function test(name, body) {
  tests.push({ name, body });
}

/** @param {unknown} actual @param {unknown} expected */
export function equal(actual, expected) {
  const [left, right] = [actual, expected].map((value) => JSON.stringify(value) ?? String(value));
  if (left !== right) throw new Error(`${left} is not ${right}`);
}

/** @returns {Promise<{ran: number, failed: string[]}>} */
export async function run() {
  const failed = [];
  for (const { name, body } of tests) {
    try {
      await body();
    } catch (error) {
      failed.push(`${name}: ${error}`);
    }
  }
  return { ran: tests.length, failed };
}
