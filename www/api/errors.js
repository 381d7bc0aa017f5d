// What can go wrong, in words.

/** The base of all errors of wasgi's own. */
export class WasgiError extends Error {
  name = "WasgiError";
}

/** The playground cannot do what was asked. */
export class PlaygroundError extends WasgiError {
  name = "PlaygroundError";
}

/** The server has exited instead of serving. */
export class ServerExit extends WasgiError {
  name = "ServerExit";

  /**
   * @param {number} code the exit code
   * @param {string[]} log its lines until then
   */
  constructor(code, log) {
    const last = log.findLast((line) => line.trim() !== "");
    super(`The server exited with code ${code}${last ? `: ${last}` : "."}`);
    this.code = code;
    this.log = log;
  }
}

/** Nothing listens there. */
export class ConnectionRefused extends WasgiError {
  name = "ConnectionRefused";
}

/** The connection ended before the answer did. */
export class ConnectionLost extends WasgiError {
  name = "ConnectionLost";
}
