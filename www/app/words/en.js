// Every text of the page that people read, in English, by the part of the page that shows it. A
// text with figures or names in it is a function of them. Elsewhere in www/app/ there is no text.
//
// Not here: what examples say of themselves (www/examples/), what index.html says before its script
// has run, and the errors of the API (www/api/errors.js), which are for programs too.

const LOCALE = "en";

/** `1 request`, `1,000 requests`. @param {number} count @param {string} noun */
function counted(count, noun) {
  return `${count.toLocaleString(LOCALE)} ${noun}${count === 1 ? "" : "s"}`;
}

export const en = {
  page: {
    title: "wasgi: a Python web server in a browser tab",
  },

  counted: {
    requests: (/** @type {number} */ count) => counted(count, "request"),
    headers: (/** @type {number} */ count) => counted(count, "header"),
    lines: (/** @type {number} */ count) => counted(count, "line"),
    events: (/** @type {number} */ count) => counted(count, "event"),
  },

  /** How far a download is. @param {number} loaded @param {string} total with its unit */
  progressOf: (loaded, total) => `${loaded} of ${total}`,

  panes: {
    group: "Panes",
    code: "Code",
    requests: "Requests",
    timeline: "Timeline",
    log: "Log",
    dividerUpright: "Divider between code and requests",
    dividerLevel: "Divider between upper and lower panes",
  },

  help: {
    title: "Help",
    about:
      "A Python web server in this tab: nothing is installed, and nothing leaves it. Every duration on the screen was measured here.",
    language: "Language",
    /** Keys, and what they do. @type {[keys: string, meaning: string][]} */
    keys: [
      ["Ctrl Enter", "Run, or run again"],
      ["Ctrl S", "Write the files for the server that runs; it reads them when it reloads"],
      ["↑ ↓", "In the command line: what was run before. In lists: the next entry"],
      ["F2, Delete", "On a file's tab: rename it, remove it"],
      ["← → ↑ ↓", "In the timeline: from request to request; Enter shows the response"],
      [
        "+ − 0",
        "In the timeline: zoom in, zoom out, back to the last burst. Drag to zoom, Ctrl and wheel too",
      ],
      ["Esc", "Close what is open"],
    ],
  },

  missing: {
    title: (/** @type {string[]} */ names) => `Missing here: ${names.join(", ")}. `,
    more: "What still works",
    hide: "Hide",
    workers: {
      name: "WebAssembly workers",
      text: "This browser cannot run WebAssembly in workers, so no server can run here. Reading and editing the examples works.",
    },
    jspi: {
      name: "JSPI",
      text: "This browser cannot suspend WebAssembly (JSPI), so Python has one thread in each process: Thread.start, gunicorn's --threads, sync_to_async and plain def handlers of FastAPI and Starlette raise an error. WSGI apps on gunicorn's sync workers, async def handlers and several worker processes work. Chrome 137, Firefox 153, Safari 27 and later have JSPI.",
    },
    isolation: {
      name: "Cross-origin isolation",
      text: "This page is not cross-origin isolated, so processes cannot share memory: each keeps its own copy of Python's packages. Servers run all the same. Whoever hosts the page can send the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.",
    },
    serviceWorker: {
      name: "Service workers",
      text: "Service workers are not available (a private window, or a page without HTTPS), so isolation cannot be switched on from within the page. Everything else works.",
    },
    storage: {
      name: "Storage",
      text: "This browser keeps no data for this page, so your changes are lost when you close it. Everything else works.",
    },
  },

  examples: {
    label: "Example",
    /** An element with files that its page wrote into it. */
    ownTitle: "This page's files",
    ownDescription: "Press Run to start the server, then send it requests.",
    reset: "Reset",
    resetTitle: "Bring back this example's files and command line",
    dropped: "Your changes to this example were dropped.",
  },

  command: {
    form: "Server",
    line: "Command line",
    more: "More command lines",
    alternatives: "Worth trying with this example",
    recent: "Run before",
    run: "Run",
    restart: "Restart",
    runKeys: "Ctrl+Enter",
    stop: "Stop",
    kill: "Kill",
    progress: "Progress",
  },

  server: {
    preparing: "Preparing…",
    ready: "Ready. Press Run to start the server.",
    starting: "Starting…",
    /** @param {string} step what is done now @param {string} amount how much of it, or nothing */
    step: (step, amount) => `${step}${amount ? ` ${amount}` : ""}…`,
    listening: (/** @type {string} */ address) => `Listening at ${address}`,
    outdated: (/** @type {string} */ state) => `${state}, with the code from before your changes`,
    stopping: "Stopping…",
    stoppingServer: "Stopping: the server finishes what it is doing. Kill ends it at once.",
    restartingServer:
      "Restarting: the server finishes what it is doing first. Kill ends it at once.",
    neverStarted: "Stopped before it had started.",
    exited: (/** @type {number} */ code) => `Exited with code ${code}`,
    notStopped: (/** @type {string} */ reason) =>
      `The server could not be stopped: ${reason} The machine was restarted.`,
    notSaved: (/** @type {string} */ reason) => `The files could not be saved: ${reason}`,
  },

  files: {
    list: "Files",
    noFile: "No file",
    tabTitle: "F2 or double-click renames, Delete removes",
    add: "Add a file",
    rename: (/** @type {string} */ name) => `Rename ${name}`,
    delete: (/** @type {string} */ name) => `Delete ${name}`,
    deleted: (/** @type {string} */ name) => `${name} was deleted.`,
    undo: "Undo",
    hide: "Hide this",
    newName: (/** @type {string} */ name) => `New name of ${name}`,
    nameOfNew: "Name of the new file",
    namePlaceholder: "name.py",
    contents: (/** @type {string} */ name) => `Contents of ${name}`,
    noneOpen: "No file is open",
    problems: {
      empty: "Type a file name, for example app.py or mysite/urls.py.",
      absolute: "Use a path relative to the working directory, without a slash in front.",
      folder: "Type a file name after the last slash.",
      parts: "A path may not have empty parts, “.” or “..”.",
      characters: "A file name may not have backslashes or control characters.",
      exists: (/** @type {string} */ name) => `There is a ${name} already.`,
      isFolder: (/** @type {string} */ name) => `${name} is a folder already.`,
      isFile: (/** @type {string} */ name) => `${name} is a file, so it cannot hold other files.`,
    },
  },

  requests: {
    form: "Request",
    method: "Method",
    path: "Path",
    timesTitle: "How many of this request are sent at the same moment",
    atOnce: "at once",
    send: "Send",
    runFirst: "Run the server first",
    cancel: (/** @type {number} */ count) => (count > 1 ? `Cancel ${count}` : "Cancel"),
    cancelled: "Cancelled.",
    /** What a suggested request shows. @param {string} what @param {string | undefined} shows */
    suggestion: (what, shows) => `${what}: ${shows ?? "send"}`,
    more: "Headers and body",
    headers: "Headers, one “name: value” a line",
    headersPlaceholder: "accept: application/json",
    noHeaders: "no headers",
    body: "Body",
    bodyOf: (/** @type {string} */ size) => `body of ${size}`,
    noBody: "no body",
    file: "Body from a file",
    noFile: "No file",
    problems: {
      path: "A path starts with a slash, for example /items?page=2.",
      times: (/** @type {number} */ most) =>
        `Send between 1 and ${most.toLocaleString(LOCALE)} requests at once.`,
      noColon: (/** @type {number} */ line) =>
        `Header line ${line} has no colon. Write it as “name: value”.`,
      /** @param {string} name @param {number} line */
      headerName: (name, line) =>
        `“${name}” in header line ${line} is not a header name. Use letters, digits and hyphens.`,
      /** @param {string} name @param {number} line */
      headerValue: (name, line) =>
        `The value of “${name}” in header line ${line} has characters outside Latin-1. Encode them.`,
    },
  },

  responses: {
    list: "Responses",
    group: "Response",
    hint: "Send a request: the response appears here as it arrives.",
    /** In the list, where there is no status. */
    short: {
      waiting: "…",
      receiving: "",
      done: "",
      open: "open",
      closed: "closed",
      failed: "failed",
      cancelled: "cancelled",
    },
    /** Over the body, where there is no status. */
    long: {
      waiting: "Waiting…",
      receiving: "",
      done: "",
      open: "Open",
      closed: "Closed",
      failed: "No response",
      cancelled: "Cancelled",
    },
    headersAfter: (/** @type {string} */ time) => `headers after ${time}`,
    receiving: "receiving…",
    headers: (/** @type {number} */ count) => `${count} headers`,
    body: "Response body",
    binary: "Binary: shown as hexadecimal.",
    /** @param {string} kept @param {string} all */
    cut: (kept, all) => `Only the first ${kept} of ${all} are kept and shown.`,
    empty: "The body is empty.",
    preview: "Preview",
    source: "Source",
    previewTitle: "Preview of the HTML response",
  },

  events: {
    list: "Events",
    events: "Events",
    id: (/** @type {string} */ id) => `id ${id}`,
  },

  sockets: {
    group: "WebSocket",
    connect: "Connect",
    messages: "Messages",
    message: "Message",
    placeholder: "A message, or for bytes hexadecimal digits: 68 69",
    form: "What is sent",
    text: "Text",
    binary: "Bytes",
    send: "Send",
    sendAll: (/** @type {number} */ count) => `Send on all ${count}`,
    code: "Code",
    reason: "Reason",
    close: "Close",
    directions: { sent: "sent", received: "received" },
    bytes: (/** @type {string} */ size) => `bytes, ${size}`,
    openAfter: (/** @type {string} */ time) => `open after ${time}`,
    /** @param {number} sent @param {number} received */
    counts: (sent, received) => `${sent} sent, ${received} received`,
    /** @param {number} kept @param {number} all bytes */
    cut: (kept, all) => `(the first ${kept} of ${all} bytes)`,
    failed: (/** @type {string} */ why) => `The connection failed: ${why}.`,
    /** @param {{ code: number, reason: string, clean: boolean }} how */
    closed: ({ code, reason, clean }) => {
      const how = clean ? "" : " without a closing handshake";
      return `Closed${how} with code ${code}${reason ? `: ${reason}` : "."}`;
    },
    problems: {
      hex: "Bytes are pairs of hexadecimal digits, for example 68 69.",
    },
  },

  timeline: {
    plot: "Timeline of requests. Arrow keys move between requests, plus and minus zoom, Enter shows the response.",
    hint: "Run the server and send requests: what each one waited for, and for how long, appears here.",
    legend: "Colours",
    lastBurst: "Last burst",
    lastBurstTitle: "Show the requests of the last Send (0)",
    all: "All",
    allTitle: "Show everything since the server's start",
    zoomIn: "Zoom in (+)",
    zoomOut: "Zoom out (−)",
    threads: "Threads",
    threadsTitle: "Show what each thread does",
    table: "Table",
    tableTitle: "Show the numbers as a table",
    tableLabel: "Timeline as a table",
    tableCaption: "Requests in sight; times in milliseconds",
    heads: {
      request: "Request",
      what: "What",
      process: "Process",
      thread: "Thread",
      start: "Start, ms",
      duration: "Duration, ms",
      phases: "Where the time went, ms",
    },
    notTaken: "not taken",
    notAnswered: "not answered yet",
    /** @param {number} most @param {string} all */
    firstOf: (most, all) => `The first ${most} of ${all}. Zoom in for others.`,
    waitingRow: "waiting",
    process: (/** @type {number} */ pid) => `pid ${pid}`,
    mainThread: "main thread",
    thread: (/** @type {number} */ number) => `thread ${number}`,
    request: (/** @type {number} */ number) => `Request ${number}`,
    /** @param {string} what @param {number} number */
    requestOf: (what, number) => `${what} (request ${number})`,
    noWorker: "no worker has taken it",
    running: (/** @type {number} */ count) => `${count} running`,
    /** @param {number[]} served requests of each process */
    split: (served) => `${served.length} processes: ${served.join(" + ")}`,
    waiting: (/** @type {number} */ count) => `${count} waiting`,
    appRest: "app (rest)",
    lock: (/** @type {number} */ number) => `lock ${number}`,
    connections: "the worker's connections",
    forRequest: (/** @type {number} */ number) => `for request ${number}`,
    forNone: "for no request in particular",
    /** Names of spans: what they are called on the screen, and what they mean. */
    phases: {
      connect: { label: "connect", meaning: "opening the connection" },
      backlog: {
        label: "backlog",
        meaning: "in the listener's backlog: no worker has accepted it",
      },
      taken: {
        label: "taken",
        meaning: "accepted by its process, which has not told yet what it does",
      },
      parse: { label: "parse", meaning: "reading and parsing the request" },
      queue: { label: "queue", meaning: "accepted, waiting for a free thread of the worker" },
      app: { label: "app", meaning: "inside the application" },
      gil: { label: "GIL", meaning: "waiting for the GIL" },
      run: { label: "run", meaning: "running Python" },
      sleep: { label: "sleep", meaning: "sleeping" },
      lock: { label: "lock", meaning: "waiting for a lock" },
      io: { label: "I/O", meaning: "waiting for input or output" },
      write: { label: "write", meaning: "writing the response" },
      keepalive: { label: "keep-alive", meaning: "answered; the connection is kept open" },
      receive: { label: "receive", meaning: "the application waits for a WebSocket message" },
      message: { label: "message", meaning: "a WebSocket message waits for the application" },
      send: { label: "send", meaning: "the application waits until its message can be sent" },
    },
  },

  log: {
    label: "Server log",
    clear: "Clear",
    stdout: "standard output",
    dropped: (/** @type {number} */ count) => `${counted(count, "earlier line")} not kept`,
    /** @param {string} module */
    missing: (module) =>
      `There is no module "${module}" here. This site has Python's standard library, Flask, ` +
      `Quart, Django and Channels, Starlette, FastAPI and what they need. A module of your own is ` +
      `a file beside app.py: add "${module}.py".`,
    /** @param {string} module @param {string} file */
    missingFile: (module, file) =>
      `There is no module "${module}" here, but a file "${file}": its name decides how it is ` +
      `imported.`,
  },
};
