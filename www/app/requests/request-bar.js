import { h, uniqueId } from "../ui/dom.js";
import { formatBytes } from "../ui/format.js";
import { parseHeaderLines } from "./header-lines.js";

/** @import { RequestDescription } from "./burst.js" */
/** @import { RequestSuggestion } from "../types.js" */

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
const MOST_TIMES = 1000;

/** Describes a request, and asks for it to be sent. */
export class RequestBar {
  #onSend;
  #method = h(
    "select",
    { "aria-label": "Method", "data-testid": "method" },
    ...METHODS.map((name) => h("option", {}, name)),
  );
  #path = h("input", {
    class: "code grow",
    "aria-label": "Path",
    "data-testid": "path",
    spellcheck: "false",
    autocapitalize: "off",
    value: "/",
  });
  #times = h("input", {
    type: "number",
    min: 1,
    max: MOST_TIMES,
    value: 1,
    inputmode: "numeric",
    "data-testid": "times",
  });
  #send = h(
    "button",
    { type: "submit", class: "primary", "data-testid": "send", disabled: true },
    "Send",
  );
  #cancel = h("button", { type: "button", "data-testid": "cancel", hidden: true }, "Cancel");
  #headers = h("textarea", {
    class: "code",
    rows: 3,
    spellcheck: "false",
    "data-testid": "headers",
    placeholder: "accept: application/json",
  });
  #body = h("textarea", { class: "code", rows: 3, spellcheck: "false", "data-testid": "body" });
  #file = h("input", { type: "file", "data-testid": "body-file" });
  #noFile = h("button", { type: "button", class: "quiet", hidden: true }, "No file");
  #more = h("details", { class: "request-more" });
  #moreSummary = h("summary", {});
  #problem = h("p", { class: "field-error", role: "alert", "data-testid": "request-problem" });
  #suggestions = h("div", { class: "suggestions", "data-testid": "suggestions" });
  #running = false;

  /**
   * @param {{ onSend: (description: RequestDescription, times: number) => void, onCancel: () => void }}
   * callbacks
   */
  constructor({ onSend, onCancel }) {
    this.#onSend = onSend;
    const [timesId, headersId, bodyId, fileId] = ["times", "headers", "body", "file"].map(uniqueId);
    this.#times.id = timesId;
    this.#headers.id = headersId;
    this.#body.id = bodyId;
    this.#file.id = fileId;
    this.#cancel.addEventListener("click", onCancel);
    this.#noFile.addEventListener("click", () => this.#clearFile());
    this.#more.append(
      this.#moreSummary,
      h(
        "div",
        { class: "request-fields" },
        h(
          "div",
          {},
          h("label", { for: headersId }, "Headers, one “name: value” a line"),
          this.#headers,
        ),
        h("div", {}, h("label", { for: bodyId }, "Body"), this.#body),
      ),
      h(
        "div",
        { class: "file-row" },
        h("label", { for: fileId }, "Body from a file"),
        this.#file,
        this.#noFile,
      ),
    );
    this.element = h(
      "form",
      {
        class: "request-bar",
        "aria-label": "Request",
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          this.send();
        },
      },
      this.#suggestions,
      h(
        "div",
        { class: "request-line" },
        this.#method,
        this.#path,
        h(
          "label",
          {
            class: "times",
            for: timesId,
            title: "How many of this request are sent at the same moment",
          },
          h("span", { "aria-hidden": "true" }, "×"),
          this.#times,
          h("span", {}, "at once"),
        ),
        this.#send,
        this.#cancel,
      ),
      this.#problem,
      this.#more,
    );
    for (const control of [this.#headers, this.#body, this.#file]) {
      control.addEventListener("input", () => this.#describe());
    }
    this.#describe();
  }

  /** @param {RequestSuggestion[]} suggestions */
  suggest(suggestions) {
    this.#suggestions.replaceChildren(
      ...suggestions.map((suggestion) => {
        const times = suggestion.times ?? 1;
        const what = `${suggestion.method} ${suggestion.path}${times > 1 ? ` × ${times}` : ""}`;
        return h(
          "button",
          {
            type: "button",
            class: "chip",
            title: suggestion.shows ?? what,
            "aria-label": `${what}: ${suggestion.shows ?? "send"}`,
            "data-testid": "suggestion",
            onclick: () => this.#use(suggestion),
          },
          suggestion.method === "GET"
            ? null
            : h("span", { class: "muted" }, `${suggestion.method} `),
          suggestion.path,
          times > 1 ? h("b", {}, ` ×${times}`) : null,
        );
      }),
    );
    if (suggestions.length) this.#fill(suggestions[0]);
  }

  /** Whether there is a server to send to. @param {boolean} running */
  set running(running) {
    this.#running = running;
    this.#send.disabled = !running;
    this.#send.title = running ? "" : "Run the server first";
  }

  /** How many requests are on their way. @param {number} count */
  set pending(count) {
    this.#cancel.hidden = count === 0;
    this.#cancel.textContent = count > 1 ? `Cancel ${count}` : "Cancel";
  }

  send() {
    if (!this.#running) return;
    const { headers, problems } = parseHeaderLines(this.#headers.value);
    const times = Number(this.#times.value);
    let problem = problems[0]?.message ?? "";
    if (!this.#path.value.startsWith("/"))
      problem = "A path starts with a slash, for example /items?page=2.";
    else if (!Number.isInteger(times) || times < 1 || times > MOST_TIMES) {
      problem = `Send between 1 and ${MOST_TIMES.toLocaleString("en")} requests at once.`;
    }
    this.#problem.textContent = problem;
    if (problem) return;
    const file = this.#file.files?.[0];
    const body = file ?? (this.#body.value || null);
    this.#onSend({ method: this.#method.value, path: this.#path.value, headers, body }, times);
  }

  /**
   * Fills the form with a suggestion; sends it too if there is a server.
   * @param {RequestSuggestion} suggestion
   */
  #use(suggestion) {
    this.#fill(suggestion);
    this.send();
  }

  /** @param {RequestSuggestion} suggestion */
  #fill({ method, path, headers = "", body = "", times = 1 }) {
    this.#method.value = method;
    this.#path.value = path;
    this.#headers.value = headers;
    this.#body.value = body;
    this.#times.value = String(times);
    this.#problem.textContent = "";
    this.#clearFile();
  }

  #clearFile() {
    this.#file.value = "";
    this.#describe();
  }

  /** Says on the closed disclosure what it holds. */
  #describe() {
    const count = this.#headers.value.split("\n").filter((line) => line.trim() !== "").length;
    const file = this.#file.files?.[0];
    const length = file ? file.size : new TextEncoder().encode(this.#body.value).length;
    const parts = [count === 0 ? "no headers" : `${count} header${count === 1 ? "" : "s"}`];
    if (length > 0) parts.push(`body of ${formatBytes(length)}${file ? ` (${file.name})` : ""}`);
    else parts.push("no body");
    this.#moreSummary.replaceChildren(
      "Headers and body ",
      h("span", { class: "muted" }, parts.join(", ")),
    );
    this.#noFile.hidden = file === undefined;
    this.#body.disabled = file !== undefined;
  }
}
