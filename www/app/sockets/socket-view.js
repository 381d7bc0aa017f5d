import { h, oncePerFrame, uniqueId } from "../ui/dom.js";
import { formatBytes, formatMs } from "../ui/format.js";
import { LiveList } from "../ui/live-list.js";
import { words } from "../words/words.js";
import { longStatus, statusClass } from "../responses/status.js";
import { bytesOfHex } from "./hex.js";
import { SocketSession } from "./socket-session.js";

/** @import { PageStore } from "../state/page-state.js" */
/** @import { SocketMessage } from "./socket-session.js" */

/**
 * The console of one WebSocket: what has gone over it, a line to send messages with, and a way to
 * close it.
 *
 * Events: none go out. It shows `selected` where that is a WebSocket, and what is new of it
 * whenever `bursts` change.
 */
export class SocketView {
  #store;
  /** @type {SocketSession | null} */
  #session = null;
  #status = h("span", { class: "status", "data-testid": "socket-status" });
  #facts = h("span", { class: "muted", "data-testid": "socket-facts" });
  #messages = new LiveList(words.sockets.messages, "socket-messages", (message) =>
    this.#row(message),
  );
  #note = h("p", { class: "muted response-note", "data-testid": "socket-note", hidden: true });
  #text = h("input", {
    class: "code grow",
    "aria-label": words.sockets.message,
    placeholder: words.sockets.placeholder,
    spellcheck: "false",
    autocapitalize: "off",
    "data-testid": "socket-text",
  });
  #form = h(
    "select",
    { "aria-label": words.sockets.form, "data-testid": "socket-form" },
    h("option", { value: "text" }, words.sockets.text),
    h("option", { value: "binary" }, words.sockets.binary),
  );
  #send = h("button", { type: "submit", "data-testid": "socket-send" }, words.sockets.send);
  #sendAll = h("button", {
    type: "button",
    "data-testid": "socket-send-all",
    hidden: true,
    onclick: () => this.#say(this.#open()),
  });
  #code = h("input", {
    type: "number",
    id: uniqueId("close-code"),
    class: "close-code",
    value: 1000,
    min: 1000,
    max: 4999,
    "data-testid": "socket-code",
  });
  #reason = h("input", {
    class: "grow",
    "aria-label": words.sockets.reason,
    placeholder: words.sockets.reason,
    "data-testid": "socket-reason",
  });
  #close = h("button", { type: "submit", "data-testid": "socket-close" }, words.sockets.close);
  #problem = h("p", { class: "field-error", role: "alert", "data-testid": "socket-problem" });
  #forms = h(
    "div",
    { class: "socket-forms" },
    h(
      "form",
      {
        class: "request-line",
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          if (this.#session) this.#say([this.#session]);
        },
      },
      this.#form,
      this.#text,
      this.#send,
      this.#sendAll,
    ),
    h(
      "form",
      {
        class: "request-line",
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          this.#end();
        },
      },
      h("label", { for: this.#code.id, class: "times" }, words.sockets.code, this.#code),
      this.#reason,
      this.#close,
    ),
    this.#problem,
  );

  /** @param {PageStore} store */
  constructor(store) {
    this.#store = store;
    this.element = h(
      "div",
      { class: "response", "aria-label": words.sockets.group, role: "group", hidden: true },
      h("div", { class: "response-line", role: "status" }, this.#status, this.#facts),
      this.#messages.element,
      this.#note,
      this.#forms,
    );
    store.watch(["selected"], () => this.#draw());
    store.watch(
      ["bursts"],
      oncePerFrame(() => this.#draw()),
    );
  }

  #draw() {
    const selected = this.#store.get("selected");
    const session = selected instanceof SocketSession ? selected : null;
    this.element.hidden = session === null;
    if (session !== this.#session) {
      this.#messages.clear();
      this.#problem.textContent = "";
    }
    this.#session = session;
    if (session === null) return;
    this.#status.textContent = longStatus(session);
    this.#status.className = statusClass(session);
    this.#facts.textContent = facts(session).join(" · ");
    this.#messages.update(session.messages, session.sent + session.received);
    this.#note.textContent = noteOf(session);
    this.#note.hidden = this.#note.textContent === "";
    const open = this.#open();
    this.#forms.hidden = session.progress !== "open";
    this.#sendAll.hidden = open.length < 2;
    this.#sendAll.textContent = words.sockets.sendAll(open.length);
  }

  /** The connections of this page that are open. */
  #open() {
    return this.#store
      .get("bursts")
      .flatMap((burst) => burst.exchanges)
      .filter((sent) => sent instanceof SocketSession)
      .filter((session) => session.progress === "open");
  }

  /** Sends what was typed. @param {SocketSession[]} sessions */
  #say(sessions) {
    const typed = this.#text.value;
    const data = this.#form.value === "binary" ? bytesOfHex(typed) : typed;
    this.#problem.textContent = data === null ? words.sockets.problems.hex : "";
    if (data === null) return;
    for (const session of sessions) session.say(data);
    this.#text.select();
  }

  #end() {
    try {
      this.#session?.close(Number(this.#code.value), this.#reason.value);
      this.#problem.textContent = "";
    } catch (error) {
      this.#problem.textContent = error instanceof Error ? error.message : String(error);
    }
  }

  /** @param {SocketMessage} message */
  #row({ direction, at, bytes, binary, text }) {
    const since = at - (this.#session?.started ?? at);
    return h(
      "div",
      { class: `live-row ${direction}` },
      h("span", { class: "live-time" }, `+${formatMs(since)}`),
      h(
        "span",
        { class: "live-kind", title: words.sockets.directions[direction] },
        direction === "sent" ? "→" : "←",
      ),
      h("span", { class: "live-text" }, text),
      h("span", { class: "muted" }, binary ? words.sockets.bytes(formatBytes(bytes)) : ""),
    );
  }
}

/** @param {SocketSession} session */
function facts({ headersAt, started, sent, received, agreed, duration }) {
  const known = [];
  if (headersAt !== null) known.push(words.sockets.openAfter(formatMs(headersAt - started)));
  if (duration !== null) known.push(formatMs(duration));
  known.push(words.sockets.counts(sent, received));
  if (agreed.protocol) known.push(agreed.protocol);
  if (agreed.extensions) known.push(agreed.extensions);
  return known;
}

/** How it ended, in words. @param {SocketSession} session */
function noteOf({ closed, error }) {
  const parts = [];
  if (error) parts.push(words.sockets.failed(error));
  if (closed) parts.push(words.sockets.closed(closed));
  return parts.join(" ");
}
