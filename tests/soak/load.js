// The load on a server, in the page. Each answer is checked; what becomes of each request is
// counted.

/**
 * @typedef {object} Tally
 * @property {number} sent
 * @property {number} answered as they were to be
 * @property {string[]} closed whose connection was closed before the answer had come
 * @property {string[]} wrong what came of the others
 * @property {string[]} open that nothing has come of
 */

/**
 * @typedef {object} Load
 * @property {(limit: number) => Promise<Tally>} end sends nothing more, and waits for what is open
 * @property {() => number} answered so far
 */

/**
 * Loads a server until it is told to end. Runs in the page: nothing outside of it is there.
 * @param {{ server: import("../../www/wasgi.js").Server }} started
 * @param {{ connections: number, seed: number, posts: boolean }} options whether bodies are sent
 * @returns {Load}
 */
export function load({ server }, { connections, seed, posts }) {
  /** @type {Tally} */
  const tally = { sent: 0, answered: 0, closed: [], wrong: [], open: [] };
  /** @type {Map<number, string>} */
  const open = new Map();
  let ended = false;
  let state = seed;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const parts = (/** @type {string} */ word) =>
    Array.from({ length: 20 }, (_, part) => `${part} ${word}\n`).join("");

  const request = (/** @type {number} */ number) => {
    const word = `n${number}`;
    const choice = random();
    if (choice < 0.15) return { path: `/slow?${word}`, expected: `/slow ${word}` };
    if (choice < 0.3) return { path: `/stream?${word}`, expected: parts(word) };
    if (choice < 0.4 && posts) {
      const body = word.repeat(1 + Math.floor(random() * 20_000));
      return { path: `/echo?${word}`, expected: body, init: { method: "POST", body } };
    }
    return { path: `/?${word}`, expected: `/ ${word}` };
  };

  const client = async () => {
    while (!ended) {
      const number = ++tally.sent;
      const { path, expected, init } = request(number);
      open.set(number, path);
      try {
        const response = await server.fetch(path, init);
        const text = await response.text();
        if (response.status === 200 && text === expected) tally.answered += 1;
        else tally.wrong.push(`${path}: ${response.status} ${text.slice(0, 80)}`);
      } catch (error) {
        const { name, message } = /** @type {Error} */ (error);
        // A response that was cut short is closed too.
        const list = name === "ConnectionLost" ? tally.closed : tally.wrong;
        list.push(`${path}: ${name} ${message}`);
        // Where nothing listens any more there is no hurry.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      open.delete(number);
    }
  };
  const clients = Promise.all(Array.from({ length: connections }, client));
  return {
    answered: () => tally.answered,
    async end(limit) {
      ended = true;
      await Promise.race([clients, new Promise((resolve) => setTimeout(resolve, limit))]);
      tally.open = [...open.values()];
      return tally;
    },
  };
}
