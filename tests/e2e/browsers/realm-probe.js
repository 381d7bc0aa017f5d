// Runs in a process's worker before its own script: remembers what a worker has, and tells what of
// it can still be reached from the global object once that is closed.

export {};

/** What may be left: the language, and what computes only. */
const LEFT = `globalThis Infinity NaN undefined isFinite isNaN parseFloat parseInt decodeURI
  decodeURIComponent encodeURI encodeURIComponent escape unescape Object Boolean Symbol Number
  BigInt Math Date String RegExp Array Map Set WeakMap WeakSet WeakRef FinalizationRegistry
  Iterator AsyncIterator JSON Promise Reflect Proxy Intl Temporal Error AggregateError EvalError
  RangeError ReferenceError SyntaxError SuppressedError TypeError URIError ArrayBuffer
  SharedArrayBuffer DataView Atomics Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array
  Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array Float64Array
  DisposableStack
  AsyncDisposableStack WebAssembly TextEncoder TextDecoder DOMException atob btoa queueMicrotask`;
/** What stands in the place of the browser's own. */
const REPLACED = `Function crossOriginIsolated setTimeout setInterval clearTimeout clearInterval
  performance crypto console navigator`;

const left = new Set(LEFT.split(/\s+/));
const names = new Set([...left, ...REPLACED.split(/\s+/)]);
const later = globalThis.setTimeout;
const channel = new BroadcastChannel("realm");

/** @param {unknown} object */
const isObject = (object) => Object(object) === object;

/** @param {object} object and its prototypes */
function* chain(object) {
  for (let at = object; at && at !== Object.prototype; at = Object.getPrototypeOf(at)) yield at;
}

/**
 * What is not to be reached any more, and its names.
 * @type {Map<unknown, string>}
 */
const removed = new Map([[globalThis.eval, "eval"]]);
for (const kind of [function () {}, function* () {}, async function () {}, async function* () {}]) {
  removed.set(kind.constructor, kind.constructor.name);
}
for (const object of chain(globalThis)) {
  for (const key of Reflect.ownKeys(object)) {
    if (left.has(String(key)) || key === "self") continue;
    const { value, get, set } = /** @type {PropertyDescriptor} */ (
      Reflect.getOwnPropertyDescriptor(object, key)
    );
    let current;
    try {
      current = Reflect.get(object, key, globalThis);
    } catch {
      // It is not for workers.
    }
    for (const one of [value, get, set, current]) {
      if (isObject(one) && one !== globalThis) removed.set(one, String(key));
    }
  }
}

/** Tells what is left, once the globals are closed. */
function look() {
  if (globalThis.fetch !== undefined) {
    later(look, 1);
    return;
  }
  const found = [];
  const thawed = [];
  /** @type {Map<unknown, string>} */
  const seen = new Map([[globalThis, "globalThis"]]);
  for (const [object, path] of seen) {
    if (removed.has(object)) found.push(`${path} is ${removed.get(object)}`);
    if (object !== globalThis && object !== Error && !Object.isFrozen(object)) thawed.push(path);
    const next = /** @type {[string, unknown][]} */ ([
      [`${path}.__proto__`, Object.getPrototypeOf(object)],
    ]);
    for (const key of Reflect.ownKeys(/** @type {object} */ (object))) {
      const descriptor = Reflect.getOwnPropertyDescriptor(/** @type {object} */ (object), key);
      const { value, get, set } = /** @type {PropertyDescriptor} */ (descriptor);
      next.push([`${path}.${String(key)}`, value]);
      next.push([`get ${path}.${String(key)}`, get], [`set ${path}.${String(key)}`, set]);
    }
    for (const [where, one] of next) if (isObject(one) && !seen.has(one)) seen.set(one, where);
  }
  const own = [...chain(globalThis)].flatMap((object) =>
    Reflect.ownKeys(object).filter((key) => isObject(Reflect.get(object, key, globalThis))),
  );
  channel.postMessage({
    found,
    thawed,
    names: own.map(String).filter((name) => !names.has(name)),
    extensible: Object.isExtensible(globalThis),
    reached: seen.size,
  });
}
look();
