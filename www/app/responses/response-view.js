import { h } from "../ui/dom.js";
import { formatBytes, formatMs } from "../ui/format.js";

/** @import { Exchange } from "../requests/burst.js" */

/**
 * One response: status line, headers, and the body as it arrives. Nothing of it is ever parsed as
 * HTML of this page.
 */
export class ResponseView {
  #status = h("span", { class: "status", "data-testid": "response-status" });
  #facts = h("span", { class: "muted", "data-testid": "response-facts" });
  #preview = h(
    "button",
    { class: "quiet", "data-testid": "preview", "aria-pressed": "false", hidden: true },
    "Preview",
  );
  #headers = h("details", { class: "response-headers" });
  #body = h("pre", {
    class: "response-body",
    tabindex: 0,
    "aria-label": "Response body",
    "data-testid": "response-body",
  });
  #note = h("p", { class: "muted response-note", hidden: true });
  #frame = h("iframe", {
    sandbox: "",
    class: "response-preview",
    title: "Preview of the HTML response",
    hidden: true,
  });
  /** @type {Exchange | null} */
  #exchange = null;
  #shown = 0;
  #headersShown = false;
  #previewing = false;
  #processOf;

  /**
   * @param {(request: number) => string | null} processOf which process served a request, as far as
   * the trace knows
   */
  constructor(processOf) {
    this.#processOf = processOf;
    this.#preview.addEventListener("click", () => {
      this.#previewing = !this.#previewing;
      this.#drawPreview();
    });
    this.element = h(
      "div",
      { class: "response", "aria-label": "Response", role: "group" },
      h(
        "div",
        { class: "response-line", role: "status" },
        this.#status,
        this.#facts,
        h("span", { class: "grow" }),
        this.#preview,
      ),
      this.#headers,
      this.#body,
      this.#frame,
      this.#note,
    );
    this.clear("");
  }

  /** @param {string} hint what to do to see something here */
  clear(hint) {
    this.#exchange = null;
    this.#reset();
    this.#note.textContent = hint;
    this.#note.hidden = hint === "";
    this.#body.hidden = true;
  }

  /** Shows an exchange, or what is new of it. @param {Exchange} exchange */
  show(exchange) {
    if (exchange !== this.#exchange) {
      this.#exchange = exchange;
      this.#reset();
    }
    this.#drawStatus(exchange);
    if (exchange.headersAt !== null && !this.#headersShown) this.#drawHeaders(exchange);
    this.#drawBody(exchange);
    const html = /^text\/html\b|^application\/xhtml\+xml\b/i.test(exchange.contentType);
    this.#preview.hidden = !(html && exchange.progress === "done" && exchange.bytes > 0);
    this.#drawPreview();
  }

  #reset() {
    this.#shown = 0;
    this.#headersShown = false;
    this.#previewing = false;
    this.#status.textContent = "";
    this.#status.className = "status";
    this.#facts.textContent = "";
    this.#preview.hidden = true;
    this.#headers.hidden = true;
    this.#body.replaceChildren();
    this.#body.hidden = false;
    this.#note.hidden = true;
    this.#drawPreview();
  }

  /** @param {Exchange} exchange */
  #drawStatus(exchange) {
    const { status, statusText, progress } = exchange;
    if (status) {
      this.#status.textContent = `${status} ${statusText}`.trim();
      this.#status.className = `status status-${Math.trunc(status / 100)}`;
    } else {
      this.#status.textContent =
        { waiting: "Waiting…", cancelled: "Cancelled", failed: "No response" }[String(progress)] ??
        "";
      this.#status.className = `status status-${progress}`;
    }
    const facts = [];
    if (exchange.duration !== null) facts.push(formatMs(exchange.duration));
    if (exchange.headersAt !== null && exchange.duration !== null) {
      facts.push(`headers after ${formatMs(exchange.headersAt - exchange.started)}`);
    }
    if (status) facts.push(formatBytes(exchange.bytes));
    const process = exchange.request === null ? null : this.#processOf(exchange.request);
    if (process) facts.push(process);
    if (progress === "receiving") facts.push("receiving…");
    this.#facts.textContent = facts.join(" · ");
  }

  /** @param {Exchange} exchange */
  #drawHeaders(exchange) {
    this.#headersShown = true;
    this.#headers.hidden = false;
    const list = h("dl", { "data-testid": "response-headers" });
    for (const [name, value] of exchange.headers)
      list.append(h("dt", {}, name), h("dd", {}, value));
    const type = exchange.contentType;
    this.#headers.replaceChildren(
      h("summary", {}, `${exchange.headers.length} headers `, h("span", { class: "muted" }, type)),
      list,
    );
  }

  /** @param {Exchange} exchange */
  #drawBody(exchange) {
    const fresh = exchange.pieces.slice(this.#shown).join("");
    this.#shown = exchange.pieces.length;
    if (fresh) this.#body.append(document.createTextNode(fresh));
    const notes = [];
    if (exchange.error) notes.push(exchange.error);
    if (exchange.binary) notes.push("Binary: shown as hexadecimal.");
    if (exchange.cut)
      notes.push(
        `Only the first ${formatBytes(exchange.limit)} of ${formatBytes(exchange.bytes)} are kept and shown.`,
      );
    if (exchange.progress === "done" && exchange.bytes === 0) notes.push("The body is empty.");
    this.#note.textContent = notes.join(" ");
    this.#note.hidden = notes.length === 0;
    this.#body.hidden = exchange.bytes === 0 || this.#previewing;
  }

  #drawPreview() {
    const on = this.#previewing && this.#exchange !== null;
    this.#preview.setAttribute("aria-pressed", String(on));
    this.#preview.textContent = on ? "Source" : "Preview";
    if (on && this.#frame.hidden) this.#frame.srcdoc = this.#exchange?.pieces.join("") ?? "";
    if (!on) this.#frame.removeAttribute("srcdoc");
    this.#frame.hidden = !on;
    this.#body.hidden = on || (this.#exchange?.bytes ?? 0) === 0;
  }
}
