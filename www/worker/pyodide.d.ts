// What we use of Pyodide 314.0.7 and of Emscripten below it, much of which is their own affair: so
// it is said here, and nowhere is it `any`.

import type { Step } from "#wasgi_core";

/** A Python callable, with what it takes and gives. */
export interface PyCallable<Parameters extends unknown[], Result> {
  (...parameters: Parameters): Result;
  /** Calls it on a stack that can be suspended (JSPI). */
  callPromising(...parameters: Parameters): Promise<Result>;
}

/** Runs a thread, by its number, to its end. */
export type StartThread = PyCallable<[thread: number], void>;

/** Runs the main thread: to its end or next fork, or in steps to its next wait. */
export type StepMain = PyCallable<[goesOnFrom?: number], Step>;

/** A Python object that has a buffer, such as a bytearray. */
export interface PyBuffer {
  length: number;
  getBuffer(type: "u8"): { data: Uint8Array; release(): void };
}

/** The modules that we import from Python, as far as we use them. */
export interface PyModules {
  os: { environ: { set(name: string, value: string): void } };
  "wasgi_runtime.bridge.buffer": { shared: PyBuffer };
  "wasgi_runtime.threads.thread_module": { start: StartThread };
  "wasgi_runtime.process.main": { step: StepMain };
}

/** The Pyodide API. */
export interface Pyodide {
  FS: FileSystem;
  _module: Module;
  _api: { sys: { path: { shift(): unknown } }; config: Record<string, unknown> };
  pyimport<Name extends keyof PyModules>(name: Name): PyModules[Name];
  registerJsModule(name: string, module: object): void;
  unregisterJsModule(name: string): void;
  runPython(code: string): unknown;
  setInterruptBuffer(buffer: Uint8Array): void;
  setStdout(options: Output): void;
  setStderr(options: Output): void;
}

interface Output {
  write(bytes: Uint8Array): number;
  isatty: boolean;
}

/** What Pyodide wants back of the JavaScript objects that Python holds. */
export interface Handles {
  hiwireKeys: ({ serialized: string } | null)[];
  immortalKeys: string[];
}

/** The interpreter: Emscripten's module, with what Pyodide and xtask/src/build/glue.rs add. */
export interface Module {
  HEAPU8: Uint8Array;
  HEAP32: Int32Array;
  HEAPU32: Uint32Array;
  FS: FileSystem;
  wasmTable: WebAssembly.Table;
  UTF8ToString(address: number, limit: number): string;
  stackSave(): number;
  stackRestore(address: number): void;
  growMemory(size: number): void;
  _malloc(size: number): number;
  _sbrk(increment: number): number;
  // CPython
  _PyThreadState_Get(): number;
  _PyThreadState_GetDict(): number;
  _PyUnstable_ThreadState_SetStackProtection(state: number, base: number, size: number): void;
  _Py_DecRef(object: number): void;
  __Py_emscripten_signal_clock: number;
  // Pyodide
  API: { public_api: Pyodide; restoreSnapshot(): Handles };
  jspiSupported: boolean;
  __hiwire_get(index: number): unknown;
  __hiwire_immortal_get(index: number): string;
  // dynamic libraries
  LDSO: {
    loadedLibsByName: Record<string, Library>;
    loadedLibsByHandle: Record<string | number, Library>;
  };
  newDSO(name: string, handle: number, status: "loading"): Library;
  loadWebAssemblyModule(
    module: WebAssembly.Module,
    flags: { nodelete: boolean },
    name: string,
    scope: object,
  ): WebAssembly.Exports;
  // ours
  /** Where the next library's memory is to begin; 0: anywhere. */
  dylibBase: number;
  /** Where the main thread's stack begins. */
  mainStack: number;
  /** Sets the stack of a task that begins. */
  enterStack(): void;
  /** Asks which signal is to be raised; 0: none. */
  lookUp(): number;
  /** Whether code that is loaded from now on, and ctypes, may link to a name. */
  mayLink(name: string): boolean;
}

/** What Pyodide gives Emscripten. */
export interface ModuleSettings {
  preRun: ((module: Module) => void)[];
  clockOrigin?: number;
  /** How large its memory may become, in bytes. */
  mostMemory?: number;
}

/** `createPyodideModule` */
export type Create = (settings: ModuleSettings) => Promise<Module>;

/** A dynamic library that is loaded. */
export interface Library {
  name: string;
  global: boolean;
  exports: WebAssembly.Exports;
}

/** Emscripten's file system. */
export interface FileSystem {
  ErrnoError: new (errno: number) => Error;
  streams: (Stream | undefined)[];
  analyzePath(path: string, doNotFollow?: boolean): { exists: boolean; object: FSNode | null };
  chdir(path: string): void;
  chmod(path: string, mode: number): void;
  close(stream: Stream): void;
  createNode(parent: FSNode | null, name: string, mode: number, device: number): FSNode;
  cwd(): string;
  dupStream(stream: Stream, fd: number): Stream;
  isDir(mode: number): boolean;
  isFile(mode: number): boolean;
  isLink(mode: number): boolean;
  lookupPath(path: string): { node: FSNode };
  lstat(path: string): { mode: number; mtime: Date };
  mkdirTree(path: string): void;
  mount(type: { mount(): FSNode }, options: object, mountpoint: string): void;
  open(path: string, flags: number): Stream;
  readdir(path: string): string[];
  readFile(path: string): Uint8Array<ArrayBuffer>;
  readlink(path: string): string;
  symlink(target: string, path: string): void;
  unlink(path: string): void;
  utime(path: string, atime: number, mtime: number): void;
  writeFile(path: string, content: Uint8Array | string, options?: object): void;
}

/** A file, directory or link. */
export interface FSNode {
  id: number;
  mode: number;
  contents: Uint8Array;
  usedBytes: number;
  node_ops: object;
  stream_ops: StreamOperations;
}

/** An open file. */
export interface Stream {
  fd: number;
  flags: number;
  node: FSNode;
  path?: string;
  position: number;
}

export interface StreamOperations {
  read(stream: Stream, into: Uint8Array, offset: number, length: number, position: number): number;
  [operation: string]: unknown;
}
