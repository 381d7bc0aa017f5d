// Stacks for threads in the memory of CPython. Pyodide lets all tasks share one stack, and copies a
// suspended task's part out of the way of the running one; but CPython follows pointers into the
// stacks of threads that do not run (its garbage collector looks at their frames,
// sys._current_frames() does), so each thread has a stack that stays where it is.

/**
 * Bytes of a stack: as long as few threads live, and then. Untouched memory costs nothing but
 * addresses. A large one has its end before the browser's own stack has: code that recurses in C
 * uses that one about twice as fast, and where it ends the interpreter dies, while the end of this
 * one is a RecursionError.
 */
const LARGE = 192 * 1024;
const SMALL = 64 * 1024;
const LARGE_ONES = 256;
const ALIGNMENT = 16;

/** @typedef {{ base: number, size: number }} Stack the lowest address, and bytes from there */

/** The stacks that are free, and how to get more. */
export class Stacks {
  #module;
  /** By their sizes. @type {Map<number, Stack[]>} */
  #unused = new Map([
    [LARGE, []],
    [SMALL, []],
  ]);
  /** How many large ones there are. */
  #large = 0;

  /** @param {import("./pyodide.js").Module} module */
  constructor(module) {
    this.#module = module;
  }

  /** @returns {Stack | null} null where memory has come to its end */
  take() {
    const [large, small] = [this.#free(LARGE), this.#free(SMALL)];
    const stack =
      large.pop() ?? (this.#large < LARGE_ONES ? this.#allocate(LARGE) : null) ?? small.pop();
    return stack ?? this.#allocate(SMALL);
  }

  /**
   * The part of the interpreter's first stack that the main thread may use.
   * @returns {Stack}
   */
  first() {
    return { base: this.#module.stackSave() - LARGE, size: LARGE };
  }

  /** @param {Stack} stack no longer used */
  give(stack) {
    this.#free(stack.size).push(stack);
  }

  /** @param {number} size */
  #free(size) {
    return /** @type {Stack[]} */ (this.#unused.get(size));
  }

  /**
   * @param {number} size
   * @returns {Stack | null}
   */
  #allocate(size) {
    const address = this.#module._malloc(size + ALIGNMENT);
    if (!address) return null;
    if (size === LARGE) this.#large += 1;
    return { base: Math.ceil(address / ALIGNMENT) * ALIGNMENT, size };
  }
}
