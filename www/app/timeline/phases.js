/**
 * The names that a span may carry, in the order in which a request meets them.
 * `waiting` phases are those in which nothing is done for the request.
 *
 * @type {{ name: string, label: string, meaning: string, waiting: boolean }[]}
 */
export const PHASES = [
  { name: "connect", label: "connect", meaning: "opening the connection", waiting: false },
  {
    name: "backlog",
    label: "backlog",
    meaning: "in the listener's backlog: no worker has accepted it",
    waiting: true,
  },
  { name: "parse", label: "parse", meaning: "reading and parsing the request", waiting: false },
  {
    name: "queue",
    label: "queue",
    meaning: "accepted, waiting for a free thread of the worker",
    waiting: true,
  },
  { name: "app", label: "app", meaning: "inside the application", waiting: false },
  { name: "gil", label: "GIL", meaning: "waiting for the GIL", waiting: true },
  { name: "run", label: "run", meaning: "running Python", waiting: false },
  { name: "sleep", label: "sleep", meaning: "sleeping", waiting: true },
  { name: "lock", label: "lock", meaning: "waiting for a lock", waiting: true },
  { name: "io", label: "I/O", meaning: "waiting for input or output", waiting: true },
  { name: "write", label: "write", meaning: "writing the response", waiting: false },
  {
    name: "keepalive",
    label: "keep-alive",
    meaning: "answered; the connection is kept open",
    waiting: true,
  },
];

/** What a thread does, at every moment one of these. */
export const OF_THREADS = new Set(["gil", "run", "sleep", "lock", "io"]);

/** @type {Map<string, number>} */
const ORDER = new Map(PHASES.map((phase, index) => [phase.name, index]));

/**
 * The label of a span's name; a name that this page does not know stands for itself.
 * @param {string} name
 */
export function phaseLabel(name) {
  return PHASES[ORDER.get(name) ?? -1]?.label ?? name;
}

/**
 * Orders names as a request meets them; unknown names come last.
 * @param {string} a
 * @param {string} b
 */
export function comparePhases(a, b) {
  return (ORDER.get(a) ?? PHASES.length) - (ORDER.get(b) ?? PHASES.length);
}
