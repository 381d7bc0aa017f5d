import { fileChanges } from "../files/workspace.js";

/** @import { Playground } from "../../wasgi.js" */
/** @import { ProgressDetail } from "./server-state.js" */

/**
 * The machine that servers run on: booted at first use, and again after it was discarded.
 *
 * Fires `progress` (detail: ProgressDetail), and `crash` (detail: Error) of a machine that was not
 * discarded before.
 */
export class Machine extends EventTarget {
  #create;
  /** @type {Promise<Playground> | null} */
  #booting = null;
  /** @type {Playground | null} */
  #playground = null;
  /** @type {Record<string, string>} */
  #written = {};

  /** @param {() => Promise<Playground>} create */
  constructor(create) {
    super();
    this.#create = create;
  }

  /** The playground, once there is one. */
  get playground() {
    return this.#playground;
  }

  /** The files as they were last written: what the working directory holds. */
  get written() {
    return this.#written;
  }

  /** Boots it, unless that was done; a failure is tried again next time. */
  boot() {
    this.#booting ??= this.#create().then(
      (playground) => {
        this.#playground = playground;
        this.#listen(playground);
        return playground;
      },
      (error) => {
        this.#booting = null;
        throw error;
      },
    );
    return this.#booting;
  }

  /** @param {Playground} playground */
  #listen(playground) {
    playground.addEventListener("crash", (event) => {
      const { detail } = /** @type {CustomEvent<Error>} */ (event);
      if (this.#playground === playground) this.dispatchEvent(new CustomEvent("crash", { detail }));
    });
    playground.addEventListener("progress", (event) => {
      const { detail } = /** @type {CustomEvent<ProgressDetail>} */ (event);
      this.dispatchEvent(new CustomEvent("progress", { detail }));
    });
  }

  /**
   * Writes what differs, so that the working directory holds exactly these files.
   * @param {Record<string, string>} files
   */
  async write(files) {
    const playground = this.#playground;
    if (!playground) return;
    await playground.writeFiles(fileChanges(this.#written, files));
    // A machine that was discarded meanwhile took the files with it.
    if (this.#playground === playground) this.#written = { ...files };
  }

  /** Ends every process by ending the machine. Never rejects. */
  async discard() {
    const playground = this.#playground;
    this.#playground = null;
    this.#booting = null;
    this.#written = {};
    await playground?.dispose().catch(() => {});
  }
}
