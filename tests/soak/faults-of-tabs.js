// Faults that take more than a line: of tabs, of what is kept, of connections.

import { visit } from "./tab.js";
import { within } from "./episode.js";

/** @import { Episode } from "./episode.js" */
/** @import { World } from "./world.js" */

/** @param {Episode} episode */
export async function suspend({ world, random }) {
  const seconds = random.whole(1, 8);
  const session = await world.devTools();
  await session.send("Page.setWebLifecycleState", { state: "frozen" });
  // How long it is suspended is the fault.
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  await session.send("Page.setWebLifecycleState", { state: "active" });
  await session.detach();
  return `${seconds} s`;
}

/**
 * Does something while an origin may keep so many bytes only.
 * @param {World} world
 * @param {number} bytes
 * @param {() => Promise<void>} work
 */
export async function withQuota(world, bytes, work) {
  const session = await world.devTools();
  const { origin } = new URL(world.host.url);
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: bytes });
  try {
    await work();
  } finally {
    await session.send("Storage.overrideQuotaForOrigin", { origin });
    await session.detach();
  }
}

/**
 * Corrupts the next of the files that are kept, and visits the site again. Those that the service
 * worker serves are what they were then.
 * @param {Episode} episode
 */
export async function corruptFile({ world, random }) {
  const how = random.pick(/** @type {const} */ (["emptied", "cut", "changed", "other"]));
  const wanted = world.nextFile;
  world.nextFile += 1;
  const { name, path } = await world.tab.page.evaluate(async ([index, way]) => {
    const kept = [];
    for (const cacheName of (await caches.keys()).toSorted()) {
      const cache = await caches.open(cacheName);
      for (const request of await cache.keys()) kept.push({ cache, cacheName, request });
    }
    const { cache, cacheName, request } = kept[index % kept.length];
    const response = await cache.match(request);
    const bytes = new Uint8Array((await response?.arrayBuffer()) ?? new ArrayBuffer(0));
    const middle = bytes.length >> 1;
    // One word in the middle.
    for (let at = middle; at < middle + 4 && way === "changed"; at++) bytes[at] ^= 0x55;
    const body = { emptied: "", cut: bytes.subarray(0, middle), changed: bytes, other: "other" };
    await cache.put(request, new Response(body[way], { headers: response?.headers }));
    return { name: cacheName, path: new URL(request.url).pathname };
  }, /** @type {const} */ ([wanted, how]));
  await visit(world.visitor, world.host.url);
  if (name.startsWith("wasgi files")) await isGenuine(world, path);
  return `${path} ${how}`;
}

/**
 * A file is served as it was built.
 * @param {World} world
 * @param {string} path
 */
async function isGenuine(world, path) {
  const [found, listed] = await world.tab.page.evaluate(async (name) => {
    const { files } = await (await fetch("/manifest.json")).json();
    const bytes = await (await fetch(name)).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return [Array.from(digest), files[name.slice(1)].sha256];
  }, path);
  const hash = Buffer.from(found).toString("hex");
  if (hash !== listed) throw new Error(`${path} is served with the hash ${hash}, not ${listed}`);
}

/**
 * Clients that end their side: after half a head, half a body, or a whole request.
 * @param {Episode} episode
 */
export async function halfClose({ server }) {
  const beginnings = [
    "",
    "GET / HT",
    "GET / HTTP/1.1\r\nHost: a\r\n",
    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf",
    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  ];
  const ends = server.run(async ({ server: running }, texts) => {
    const one = async (/** @type {string} */ text) => {
      const connection = await running.connect();
      if (text) await connection.write(new TextEncoder().encode(text));
      await connection.end();
      await new Response(connection.readable).text().catch(() => "");
    };
    await Promise.all([...texts, ...texts].map(one));
  }, beginnings);
  await within(ends, "the server closes its side");
}
