// What a process uses of the browser's functions once its globals are closed (realm.js): taken when
// the worker's script begins.

export const { performance, crossOriginIsolated } = globalThis;

/** The memory that the browser admits to, in bytes: 8 GiB at most, or a guess where it does not. */
export const deviceMemory = admitted() * 2 ** 30;

function admitted() {
  const { navigator } = /** @type {{ navigator: { deviceMemory?: number } }} */ (
    /** @type {unknown} */ (globalThis)
  );
  return navigator.deviceMemory ?? 4;
}

export const setTimeout = globalThis.setTimeout.bind(globalThis);
export const clearTimeout = globalThis.clearTimeout.bind(globalThis);
export const queueMicrotask = globalThis.queueMicrotask.bind(globalThis);
