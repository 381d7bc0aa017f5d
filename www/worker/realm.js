// The globals of a process: what the language has, and nothing that reaches out of the worker. User
// code holds JavaScript objects (docs/realm.md), and some way may lead from them to the global
// object: so there is nothing there.

/** Globals that are the language's (ECMAScript), or compute only. All others go. */
const KEPT = new Set(
  `globalThis Infinity NaN undefined isFinite isNaN parseFloat parseInt decodeURI decodeURIComponent
  encodeURI encodeURIComponent escape unescape Object Boolean Symbol Number BigInt Math Date
  String RegExp Array Map Set WeakMap WeakSet WeakRef FinalizationRegistry Iterator AsyncIterator
  JSON Promise Reflect Proxy Intl Temporal Error AggregateError EvalError RangeError
  ReferenceError SyntaxError SuppressedError TypeError URIError ArrayBuffer SharedArrayBuffer
  DataView Atomics Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array
  Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array Float64Array DisposableStack
  AsyncDisposableStack WebAssembly
  TextEncoder TextDecoder DOMException atob btoa queueMicrotask`.split(/\s+/),
);

/** Of WebAssembly: what takes a response of the network. */
const STREAMING = ["compileStreaming", "instantiateStreaming"];

/**
 * Members of built-in prototypes that libraries shadow by assignment, which a frozen prototype
 * would forbid: they become accessors that define the object's own member.
 * @type {[object, string[]][]}
 */
const SHADOWED = [
  [Object.prototype, ["constructor", "toString", "toLocaleString", "valueOf", "hasOwnProperty"]],
  [Function.prototype, ["constructor", "toString", "bind"]],
  ...[
    Error,
    AggregateError,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
  ].map(
    ({ prototype }) =>
      /** @type {[object, string[]]} */ ([
        prototype,
        ["constructor", "name", "message", "toString"],
      ]),
  ),
];

/** Text becomes no code: stands where `Function` and its kin were. */
const NoFunction = function () {
  throw new TypeError("A process makes no JavaScript functions.");
};
NoFunction.prototype = Function.prototype;

let closed = false;

/**
 * Removes from the globals what is not kept, and freezes all that is. What runs already has taken
 * what it needs (browser.js, machine-port.js).
 */
export function closeRealm() {
  if (closed) return;
  closed = true;
  const replaced = replacements();
  removeEvalAndKin();
  for (const name of STREAMING) Reflect.deleteProperty(WebAssembly, name);
  for (const object of chainOf(globalThis)) {
    for (const key of Reflect.ownKeys(object)) {
      if (object !== globalThis || !KEPT.has(/** @type {string} */ (key))) remove(object, key);
    }
  }
  for (const [name, value] of Object.entries(replaced)) define(globalThis, name, value);
  for (const key of Reflect.ownKeys(globalThis)) lock(key);
  Object.preventExtensions(globalThis);
  for (const [object, names] of SHADOWED) for (const name of names) allowShadowing(object, name);
  freezeAll([...hiddenIntrinsics(), ...chainOf(globalThis).slice(1)]);
}

/** What stands in the place of the browser's own. None has a way to the global object. */
function replacements() {
  const { performance, crypto, console, navigator, setTimeout, setInterval } = globalThis;
  /** @param {typeof setTimeout | typeof setInterval} timer */
  const calling =
    (timer) =>
    (
      /** @type {unknown} */ callback,
      /** @type {number} */ delay,
      /** @type {unknown[]} */ ...args
    ) => {
      // Text would be run as code; the browser calls with the global object as `this`.
      if (typeof callback !== "function") throw new TypeError("A timer calls a function.");
      return timer(() => callback(...args), delay);
    };
  const { userAgent, language, hardwareConcurrency } = navigator;
  return {
    Function: NoFunction,
    crossOriginIsolated: globalThis.crossOriginIsolated === true,
    setTimeout: calling(setTimeout),
    setInterval: calling(setInterval),
    clearTimeout: globalThis.clearTimeout.bind(globalThis),
    clearInterval: globalThis.clearInterval.bind(globalThis),
    performance: bareObject({
      now: performance.now.bind(performance),
      timeOrigin: performance.timeOrigin,
    }),
    crypto: bareObject({
      getRandomValues: (/** @type {Uint8Array<ArrayBuffer>} */ bytes) =>
        crypto.getRandomValues(bytes),
    }),
    console: bareObject({
      log: console.log.bind(console),
      info: console.info.bind(console),
      warn: console.warn.bind(console),
      error: console.error.bind(console),
      debug: console.debug.bind(console),
    }),
    navigator: bareObject({ userAgent, language, hardwareConcurrency }),
  };
}

/** @param {object} members */
function bareObject(members) {
  return Object.assign(Object.create(null), members);
}

/** The four constructors that make functions of text are found at no function. */
function removeEvalAndKin() {
  const kinds = [function () {}, function* () {}, async function () {}, async function* () {}];
  for (const kind of kinds) define(Object.getPrototypeOf(kind), "constructor", NoFunction);
}

/**
 * An object and its prototypes, below `Object.prototype`.
 * @param {object} object
 */
function chainOf(object) {
  const chain = [];
  for (let at = object; at && at !== Object.prototype; at = Object.getPrototypeOf(at))
    chain.push(at);
  return chain;
}

/**
 * @param {object} object
 * @param {string | symbol} key
 */
function remove(object, key) {
  if (Reflect.deleteProperty(object, key) && !Object.hasOwn(object, key)) return;
  const found = /** @type {PropertyDescriptor} */ (Reflect.getOwnPropertyDescriptor(object, key));
  // A constant of an interface stays. Anything else that a browser does not let go of, or brings
  // back, has no value for good; where that cannot be, the process does not start.
  const isConstant = !found.configurable && !found.get && Object(found.value) !== found.value;
  if (!isConstant) define(object, key, undefined);
}

/**
 * @param {object} object
 * @param {string | symbol} key
 * @param {unknown} value for good
 */
function define(object, key, value) {
  Object.defineProperty(object, key, {
    value,
    writable: false,
    enumerable: false,
    configurable: false,
  });
}

/** @param {string | symbol} key of the global object: it keeps its value for good */
function lock(key) {
  const found = Reflect.getOwnPropertyDescriptor(globalThis, key);
  if (found?.configurable || found?.writable) define(globalThis, key, found.value);
}

/**
 * @param {object} object
 * @param {string} name
 */
function allowShadowing(object, name) {
  const found = Reflect.getOwnPropertyDescriptor(object, name);
  if (!found?.configurable) return;
  const { value } = found;
  Object.defineProperty(object, name, {
    get: () => value,
    set(own) {
      if (this === object || Object(this) !== this)
        throw new TypeError(`${name} cannot be changed.`);
      Object.defineProperty(this, name, {
        value: own,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    },
    enumerable: false,
    configurable: false,
  });
}

/** Where the language has them: what helps with iterators. */
function iteratorHelpers() {
  /** @typedef {{ map?: (map: (value: unknown) => unknown) => object }} Helped */
  const { Iterator } =
    /** @type {{ Iterator?: { from?: (source: Iterator<unknown>) => object } }} */ (
      /** @type {unknown} */ (globalThis)
    );
  const source = { next: () => ({ done: true, value: undefined }) };
  const values = /** @type {Helped} */ (/** @type {unknown} */ ([].values()));
  return [Iterator?.from?.(source), values.map?.((value) => value)];
}

/** Intrinsics that no global leads to by its properties. */
function hiddenIntrinsics() {
  const iterators = [
    [].values(),
    new Map().entries(),
    new Set().values(),
    ""[Symbol.iterator](),
    "".matchAll(/ /g),
    (function* () {})(),
    (async function* () {})(),
    .../** @type {(object | undefined)[]} */ (iteratorHelpers()),
    new Intl.Segmenter().segment("")[Symbol.iterator](),
    new Intl.Segmenter().segment(""),
  ];
  const kinds = [function* () {}, async function () {}, async function* () {}];
  return [...iterators, ...kinds].map((one) => (one ? Object.getPrototypeOf(one) : null));
}

/**
 * Freezes all that is reachable from the globals, and from these, by properties and prototypes.
 * @param {unknown[]} roots
 */
function freezeAll(roots) {
  /** @type {Set<unknown>} */
  const seen = new Set([globalThis]);
  const pending = [...roots];
  for (const key of Reflect.ownKeys(globalThis)) {
    pending.push(Reflect.getOwnPropertyDescriptor(globalThis, key)?.value);
  }
  while (pending.length > 0) {
    const one = pending.pop();
    if (Object(one) !== one || seen.has(one)) continue;
    seen.add(one);
    const object = /** @type {object} */ (one);
    pending.push(Object.getPrototypeOf(object));
    for (const key of Reflect.ownKeys(object)) {
      const { value, get, set } = /** @type {PropertyDescriptor} */ (
        Reflect.getOwnPropertyDescriptor(object, key)
      );
      pending.push(value, get, set);
    }
    freeze(object);
  }
}

/** @param {object} object */
function freeze(object) {
  if (object !== Error) {
    Object.freeze(object);
    return;
  }
  // Pyodide changes how much of a stack errors have; `prepareStackTrace` cannot be added.
  Object.preventExtensions(object);
  for (const key of Reflect.ownKeys(object)) {
    const found = /** @type {PropertyDescriptor} */ (Reflect.getOwnPropertyDescriptor(object, key));
    if (key === "stackTraceLimit") Object.defineProperty(object, key, { configurable: false });
    else if (found.configurable) define(object, key, found.value);
  }
}
