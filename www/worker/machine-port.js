// A process's way to the machine: the worker's own, taken before its globals are closed (realm.js).

/** Where a process posts to and hears from. Nothing of it is reachable from Python. */
export class MachinePort {
  #post = self.postMessage.bind(self);
  /** @type {(data: unknown) => void} */
  #receive = () => {};

  constructor() {
    self.onmessage = ({ data }) => this.#receive(data);
  }

  /**
   * @param {unknown} message
   * @param {Transferable[]} [transfer]
   */
  postMessage(message, transfer = []) {
    this.#post(message, transfer);
  }

  /** @param {(data: unknown) => void} receive what comes from now on */
  receive(receive) {
    this.#receive = receive;
  }
}
