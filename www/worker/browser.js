// What a process uses of the browser's functions once its globals are closed (realm.js): taken when
// the worker's script begins.

export const { performance, crossOriginIsolated } = globalThis;

export const setTimeout = globalThis.setTimeout.bind(globalThis);
export const clearTimeout = globalThis.clearTimeout.bind(globalThis);
export const queueMicrotask = globalThis.queueMicrotask.bind(globalThis);
