// The servers that are loaded, and what of theirs decides what a fault may cost.

/**
 * @typedef {object} Kind
 * @property {string} command
 * @property {number} workers
 * @property {number} underWay the most requests that a worker has at a time, of few clients
 * @property {boolean} keepsAlive whether connections carry several requests
 * @property {boolean} watches whether a worker that computes for ever is replaced
 * @property {"gunicorn" | "uvicorn" | "uwsgi"} program
 */

/** How many clients load a server. */
export const CONNECTIONS = 6;

/** @type {Kind[]} */
export const KINDS = [
  {
    program: "gunicorn",
    command: "gunicorn -w 3 --timeout 5 --graceful-timeout 5 soak_app:app",
    workers: 3,
    underWay: 1,
    keepsAlive: false,
    watches: true,
  },
  {
    program: "gunicorn",
    command: "gunicorn -w 2 --threads 4 --timeout 5 --graceful-timeout 5 soak_app:app",
    workers: 2,
    underWay: CONNECTIONS,
    keepsAlive: true,
    // Its main thread still tells the arbiter that all is well, here as there.
    watches: false,
  },
  {
    program: "gunicorn",
    command: "gunicorn -w 2 --preload --timeout 5 --graceful-timeout 5 soak_app:app",
    workers: 2,
    underWay: 1,
    keepsAlive: false,
    watches: true,
  },
  {
    program: "uvicorn",
    command: "uvicorn --workers 2 soak_app:asgi",
    workers: 2,
    underWay: CONNECTIONS,
    keepsAlive: true,
    watches: false,
  },
  {
    program: "uwsgi",
    command:
      "uwsgi --http-socket :8000 --master --processes 2 --lazy-apps --harakiri 5 -w soak_app:app",
    workers: 2,
    underWay: 1,
    keepsAlive: false,
    watches: true,
  },
];
