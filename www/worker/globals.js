// What Python must not reach: this worker's globals, which could speak with the machine and with
// the network in the app's name.

/**
 * Stands where `Function` and its kin were to be found: their text of code would run with the
 * globals in sight.
 */
class NoFunction {
  constructor() {
    throw new TypeError("A process makes no JavaScript functions.");
  }
}

/**
 * Closes the ways from any JavaScript object to the globals. What runs already goes on: it holds
 * what it needs.
 */
export function hideGlobals() {
  const kinds = [function () {}, function* () {}, async function () {}, async function* () {}];
  for (const kind of kinds) {
    const value = NoFunction;
    Object.defineProperty(Object.getPrototypeOf(kind), "constructor", {
      value,
      writable: false,
      configurable: false,
    });
  }
  // C's emscripten_run_script, which ctypes finds, calls it.
  Object.defineProperty(globalThis, "eval", {
    value: undefined,
    writable: false,
    configurable: false,
  });
  // Emscripten's sockets would open it: nothing leaves the tab.
  Object.defineProperty(globalThis, "WebSocket", {
    value: undefined,
    writable: false,
    configurable: false,
  });
}
