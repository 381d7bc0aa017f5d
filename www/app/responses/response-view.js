import { Exchange } from "../requests/exchange.js";
import { timesOf } from "../requests/times.js";
import { h, oncePerFrame } from "../ui/dom.js";
import { formatBytes, formatMs } from "../ui/format.js";
import { words } from "../words/words.js";
import { BodyView } from "./body-view.js";
import { EventView } from "./event-view.js";
import { longStatus, statusClass } from "./status.js";

/** @import { PageStore } from "../state/page-state.js" */

/**
 * What a preview may show: its own styles and pictures. It asks no server for anything, so that
 * what it shows tells nobody who looks at it.
 */
const POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "img-src data:",
  "font-src data:",
  "media-src data:",
].join("; ");
/** What names other addresses, or would say otherwise. */
const ELSEWHERE = "link, base, meta[http-equiv]";

/**
 * @param {string} html
 * @returns the same page, held to the policy
 */
function confined(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const element of page.querySelectorAll(ELSEWHERE)) element.remove();
  const policy = page.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = POLICY;
  page.head.prepend(policy);
  const doctype = page.compatMode === "BackCompat" ? "" : "<!doctype html>";
  return doctype + page.documentElement.outerHTML;
}

/**
 * One response: status line, headers, and the body as it arrives, event by event where it is an
 * event stream. Nothing of it is ever parsed as HTML of this page.
 *
 * Events: none go out. It shows `selected` where that is an exchange, or where there is none what
 * to do (by `server` and `example`), and what is new of it whenever `bursts` or `trace` change.
 */
export class ResponseView {
  #store;
  #status = h("span", { class: "status", "data-testid": "response-status" });
  #facts = h("span", { class: "muted", "data-testid": "response-facts" });
  #preview = h(
    "button",
    { class: "quiet", "data-testid": "preview", "aria-pressed": "false", hidden: true },
    words.responses.preview,
  );
  #headers = h("details", { class: "response-headers" });
  #body = new BodyView();
  #note = h("p", { class: "muted response-note", hidden: true });
  #frame = h("iframe", {
    sandbox: "",
    class: "response-preview",
    title: words.responses.previewTitle,
    hidden: true,
  });
  #events = new EventView();
  /** @type {Exchange | null} */
  #exchange = null;
  #headersShown = false;
  /** Whether another view than the one that comes first is asked for. */
  #toggled = false;

  /** @param {PageStore} store */
  constructor(store) {
    this.#store = store;
    this.#preview.addEventListener("click", () => {
      this.#toggled = !this.#toggled;
      this.#drawForm();
    });
    this.element = h(
      "div",
      { class: "response", "aria-label": words.responses.group, role: "group" },
      h(
        "div",
        { class: "response-line", role: "status" },
        this.#status,
        this.#facts,
        h("span", { class: "grow" }),
        this.#preview,
      ),
      this.#headers,
      this.#events.element,
      this.#body.element,
      this.#frame,
      this.#note,
    );
    store.watch(["selected", "server", "example"], () => this.#draw());
    store.watch(
      ["bursts", "trace"],
      oncePerFrame(() => this.#draw()),
    );
  }

  #draw() {
    const selected = this.#store.get("selected");
    const exchange = selected instanceof Exchange ? selected : null;
    this.element.hidden = selected !== null && exchange === null;
    if (exchange !== this.#exchange) this.#reset();
    this.#exchange = exchange;
    if (exchange) this.#show(exchange);
    else this.#hint();
  }

  /** What to do to see something here. */
  #hint() {
    const listening = this.#store.get("server").phase === "listening";
    this.#note.textContent = listening
      ? words.responses.hint
      : this.#store.get("example").description;
    this.#note.hidden = this.#note.textContent === "";
    this.#body.element.hidden = true;
    this.#events.element.hidden = true;
    this.#headers.hidden = true;
    this.#preview.hidden = true;
  }

  /** What is new of an exchange. @param {Exchange} exchange */
  #show(exchange) {
    this.#drawStatus(exchange);
    if (exchange.headersAt !== null && !this.#headersShown) this.#drawHeaders(exchange);
    this.#drawBody(exchange);
    this.#events.update(exchange);
    const html = /^text\/html\b|^application\/xhtml\+xml\b/i.test(exchange.contentType);
    const previewed = html && exchange.progress === "done" && exchange.body.bytes > 0;
    this.#preview.hidden = !(previewed || exchange.events);
    this.#drawForm();
  }

  #reset() {
    this.#headersShown = false;
    this.#toggled = false;
    this.#events.clear();
    this.#status.textContent = "";
    this.#status.className = "status";
    this.#facts.textContent = "";
    this.#headers.hidden = true;
    this.#body.clear();
    this.#frame.hidden = true;
    this.#frame.removeAttribute("srcdoc");
  }

  /** @param {Exchange} exchange */
  #drawStatus(exchange) {
    this.#status.textContent = longStatus(exchange);
    this.#status.className = statusClass(exchange);
    const { status, body, request, progress, events } = exchange;
    const trace = this.#store.get("trace");
    const { total, head, isFinal } = timesOf(exchange, trace);
    const facts = [formatMs(total)];
    if (head !== null && isFinal) facts.push(words.responses.headersAfter(formatMs(head)));
    if (status) facts.push(formatBytes(body.bytes));
    const process = trace.processOf(request);
    if (process) facts.push(process);
    if (progress === "receiving") facts.push(words.responses.receiving);
    if (events) facts.push(words.counted.events(events.count));
    this.#facts.textContent = facts.join(" · ");
  }

  /** @param {Exchange} exchange */
  #drawHeaders(exchange) {
    this.#headersShown = true;
    this.#headers.hidden = false;
    const list = h("dl", { "data-testid": "response-headers" });
    for (const [name, value] of exchange.headers)
      list.append(h("dt", {}, name), h("dd", {}, value));
    this.#headers.replaceChildren(
      h(
        "summary",
        {},
        `${words.responses.headers(exchange.headers.length)} `,
        h("span", { class: "muted" }, exchange.contentType),
      ),
      list,
    );
  }

  /** @param {Exchange} exchange */
  #drawBody({ body, error, progress }) {
    this.#body.update(body);
    const notes = [];
    if (error) notes.push(error);
    if (body.binary) notes.push(words.responses.binary);
    if (body.cut) notes.push(words.responses.cut(formatBytes(body.limit), formatBytes(body.bytes)));
    if (progress === "done" && body.bytes === 0) notes.push(words.responses.empty);
    this.#note.textContent = notes.join(" ");
    this.#note.hidden = notes.length === 0;
  }

  /** Events are shown as events unless their source is asked for; HTML the other way round. */
  #drawForm() {
    const body = this.#exchange?.body;
    const events = Boolean(this.#exchange?.events);
    const framed = this.#toggled && !events && body !== undefined;
    const listed = events && !this.#toggled;
    this.#preview.setAttribute("aria-pressed", String(this.#toggled));
    this.#preview.textContent = this.#formOffered(events);
    if (framed && this.#frame.hidden) this.#frame.srcdoc = confined(body.text);
    if (!framed) this.#frame.removeAttribute("srcdoc");
    this.#frame.hidden = !framed;
    this.#events.element.hidden = !listed;
    this.#body.element.hidden = framed || listed || (body?.bytes ?? 0) === 0;
  }

  /** What the button brings. @param {boolean} events */
  #formOffered(events) {
    if (events === this.#toggled) return events ? words.events.events : words.responses.preview;
    return words.responses.source;
  }
}
