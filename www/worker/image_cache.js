// The image of a booted interpreter, kept from one visit to the next: the first process of a page
// then need not boot either.

/** @typedef {import("#wasgi_core").Image} Image */

const NAME = "wasgi images";
/** The shape of what is kept. */
const FORMAT = 1;
/** The bytes of the head's length. */
const LENGTH = 4;

/**
 * What an image depends on: this version of the site, and what a booting interpreter asks the
 * browser.
 * @param {string} base where the assets are
 */
async function keyOf(base) {
  const response = await fetch(`${base}manifest.json`);
  const { version } = await response.json();
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const facts = [
    FORMAT,
    version,
    "Suspending" in WebAssembly,
    navigator.language,
    timeZone,
    new Date().getTimezoneOffset(),
  ];
  return `${base}python/image?${encodeURIComponent(facts.join(" "))}`;
}

/** Keeps an image, and what else is needed to find it again. */
export class ImageCache {
  /** @param {string} base where the assets are */
  constructor(base) {
    // A browser may have no storage, or none for this page; the site may lie on a host that is not
    // complete.
    this.key = "caches" in self ? keyOf(base).catch(() => null) : Promise.resolve(null);
  }

  /**
   * The image that was kept, if one was.
   * @returns {Promise<Image | undefined>}
   */
  async load() {
    try {
      const key = await this.key;
      const response = key && (await (await caches.open(NAME)).match(key));
      return response ? decode(await response.arrayBuffer()) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Keeps none any more. */
  async forget() {
    if (await this.key) await caches.delete(NAME).catch(() => false);
  }

  /**
   * Keeps an image, in the place of those that were kept before.
   * @param {Image} image
   */
  async store(image) {
    const key = await this.key;
    const body = encode(image);
    if (!key || !body) return;
    try {
      const cache = await caches.open(NAME);
      for (const { url } of await cache.keys()) await cache.delete(url);
      await cache.put(key, new Response(body));
    } catch {
      // There is no room for it.
    }
  }
}

/**
 * @param {Image} image
 * @returns {Blob | null} null if there is more to it than memory
 */
function encode({ bytes, ...rest }) {
  const plain =
    rest.libraries.loaded.length === 0 && rest.files.open.length === 0 && rest.given.size === 0;
  if (!plain || rest.files.entries.some(({ content }) => content instanceof Uint8Array))
    return null;
  const head = new TextEncoder().encode(JSON.stringify(rest));
  const length = new DataView(new ArrayBuffer(LENGTH));
  length.setUint32(0, head.length, true);
  // A Blob takes no shared memory.
  return new Blob([length, head, new Uint8Array(bytes).slice()]);
}

/**
 * @param {ArrayBuffer} buffer
 * @returns {Image}
 */
function decode(buffer) {
  const start = LENGTH + new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, LENGTH, start - LENGTH)));
  const memory = new Uint8Array(buffer, start);
  const bytes = self.crossOriginIsolated
    ? new SharedArrayBuffer(memory.length)
    : new ArrayBuffer(memory.length);
  new Uint8Array(bytes).set(memory);
  return { ...head, bytes, given: new Map() };
}
