import { h, uniqueId } from "../ui/dom.js";
import { formatBytes } from "../ui/format.js";
import { words } from "../words/words.js";
import { parseHeaderLines } from "./header-lines.js";

/** A request's headers and body, folded away below what most requests need. */
export class RequestDetails {
  #headers = h("textarea", {
    class: "code",
    id: uniqueId("headers"),
    rows: 3,
    spellcheck: "false",
    "data-testid": "headers",
    placeholder: words.requests.headersPlaceholder,
  });
  #body = h("textarea", {
    class: "code",
    id: uniqueId("body"),
    rows: 3,
    spellcheck: "false",
    "data-testid": "body",
  });
  #file = h("input", { type: "file", id: uniqueId("file"), "data-testid": "body-file" });
  #noFile = h(
    "button",
    { type: "button", class: "quiet", hidden: true, onclick: () => this.#clearFile() },
    words.requests.noFile,
  );
  #summary = h("summary", {});

  constructor() {
    this.element = h(
      "details",
      { class: "request-more" },
      this.#summary,
      h(
        "div",
        { class: "request-fields" },
        h("div", {}, h("label", { for: this.#headers.id }, words.requests.headers), this.#headers),
        h("div", {}, h("label", { for: this.#body.id }, words.requests.body), this.#body),
      ),
      h(
        "div",
        { class: "file-row" },
        h("label", { for: this.#file.id }, words.requests.file),
        this.#file,
        this.#noFile,
      ),
    );
    for (const control of [this.#headers, this.#body, this.#file]) {
      control.addEventListener("input", () => this.#describe());
    }
    this.#describe();
  }

  /** What was typed; `problem` says what is wrong with it, or is empty. */
  read() {
    const { headers, problems } = parseHeaderLines(this.#headers.value);
    const body = this.#file.files?.[0] ?? (this.#body.value || null);
    return { headers, body, problem: problems[0]?.message ?? "" };
  }

  /** @param {string} headers @param {string} body */
  fill(headers, body) {
    this.#headers.value = headers;
    this.#body.value = body;
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
    const size = `${formatBytes(length)}${file ? ` (${file.name})` : ""}`;
    const parts = [
      count === 0 ? words.requests.noHeaders : words.counted.headers(count),
      length > 0 ? words.requests.bodyOf(size) : words.requests.noBody,
    ];
    this.#summary.replaceChildren(
      `${words.requests.more} `,
      h("span", { class: "muted" }, parts.join(", ")),
    );
    this.#noFile.hidden = file === undefined;
    this.#body.disabled = file !== undefined;
  }
}
