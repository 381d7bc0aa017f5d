import { h, oncePerFrame, uniqueId } from "../ui/dom.js";
import { words } from "../words/words.js";
import { WEBSOCKET } from "./burst.js";
import { RequestDetails } from "./request-details.js";
import { Suggestions } from "./suggestions.js";

/** @import { RequestSuggestion } from "../examples/examples.js" */
/** @import { PageStore } from "../state/page-state.js" */
/** @import { RequestDescription } from "./exchange.js" */

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", WEBSOCKET];
const MOST_TIMES = 1000;

/**
 * Describes a request, and asks for it to be sent.
 *
 * Events: Send calls `onSend`, Cancel calls `onCancel`. The bar draws itself from `example` (what
 * it suggests), `server` (whether anything can be sent) and `bursts` (what could be cancelled).
 */
export class RequestBar {
  #store;
  #onSend;
  #method = h(
    "select",
    { "aria-label": words.requests.method, "data-testid": "method" },
    ...METHODS.map((name) => h("option", {}, name)),
  );
  #path = h("input", {
    class: "code grow",
    "aria-label": words.requests.path,
    "data-testid": "path",
    spellcheck: "false",
    autocapitalize: "off",
    value: "/",
  });
  #times = h("input", {
    type: "number",
    id: uniqueId("times"),
    min: 1,
    max: MOST_TIMES,
    value: 1,
    inputmode: "numeric",
    "data-testid": "times",
  });
  #send = h(
    "button",
    { type: "submit", class: "primary", "data-testid": "send", disabled: true },
    words.requests.send,
  );
  #cancel = h("button", { type: "button", "data-testid": "cancel", hidden: true });
  #details = new RequestDetails();
  #problem = h("p", { class: "field-error", role: "alert", "data-testid": "request-problem" });
  #suggestions = new Suggestions((suggestion) => {
    this.#fill(suggestion);
    this.#submit();
  });

  /**
   * @param {PageStore} store
   * @param {{
   *   onSend: (description: RequestDescription, times: number) => void,
   *   onCancel: () => void
   * }} callbacks
   */
  constructor(store, { onSend, onCancel }) {
    this.#store = store;
    this.#onSend = onSend;
    this.#cancel.addEventListener("click", onCancel);
    this.#method.addEventListener("change", () => this.#drawSend());
    this.element = h(
      "form",
      {
        class: "request-bar",
        "aria-label": words.requests.form,
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          this.#submit();
        },
      },
      this.#suggestions.element,
      h(
        "div",
        { class: "request-line" },
        this.#method,
        this.#path,
        h(
          "label",
          { class: "times", for: this.#times.id, title: words.requests.timesTitle },
          h("span", { "aria-hidden": "true" }, "×"),
          this.#times,
          h("span", {}, words.requests.atOnce),
        ),
        this.#send,
        this.#cancel,
      ),
      this.#problem,
      this.#details.element,
    );
    store.watch(["example"], () => this.#suggest(store.get("example").requests));
    store.watch(["example", "files"], () => this.#drawSuggestions());
    store.watch(["server"], () => this.#drawSend());
    store.watch(
      ["bursts"],
      oncePerFrame(() => this.#drawCancel()),
    );
  }

  /** @param {RequestSuggestion[]} suggestions */
  #suggest(suggestions) {
    if (suggestions.length) this.#fill(suggestions[0]);
  }

  /** What the example's files mention, and those on the screen do not, is no longer suggested. */
  #drawSuggestions() {
    const { requests, files } = this.#store.get("example");
    const [own, now] = [files, this.#store.get("files")].map((each) => Object.values(each).join());
    this.#suggestions.show(requests.filter(({ path }) => isKept(path, own, now)));
  }

  get #running() {
    return this.#store.get("server").phase === "listening";
  }

  #drawSend() {
    const connects = this.#method.value === WEBSOCKET;
    this.#send.textContent = connects ? words.sockets.connect : words.requests.send;
    this.#send.disabled = !this.#running;
    this.#send.title = this.#running ? "" : words.requests.runFirst;
  }

  #drawCancel() {
    const pending = this.#store.get("bursts").reduce((sum, burst) => sum + burst.pending, 0);
    this.#cancel.hidden = pending === 0;
    this.#cancel.textContent = words.requests.cancel(pending);
  }

  #submit() {
    if (!this.#running) return;
    const { headers, body, problem } = this.#details.read();
    const times = Number(this.#times.value);
    this.#problem.textContent = this.#problemWith(this.#path.value, times) ?? problem;
    if (this.#problem.textContent) return;
    this.#onSend({ method: this.#method.value, path: this.#path.value, headers, body }, times);
  }

  /** @param {string} path @param {number} times */
  #problemWith(path, times) {
    if (!path.startsWith("/")) return words.requests.problems.path;
    if (!Number.isInteger(times) || times < 1 || times > MOST_TIMES)
      return words.requests.problems.times(MOST_TIMES);
    return null;
  }

  /** @param {RequestSuggestion} suggestion */
  #fill({ method, path, headers = "", body = "", times = 1 }) {
    this.#method.value = method;
    this.#path.value = path;
    this.#times.value = String(times);
    this.#problem.textContent = "";
    this.#details.fill(headers, body);
    this.#drawSend();
  }
}

/**
 * Whether a path that an example suggests may still be served: its first part, as the example's
 * files have it, is there.
 * @param {string} path
 * @param {string} own the example's files
 * @param {string} now the files on the screen
 */
function isKept(path, own, now) {
  const [first] = path.split(/[?#]/)[0].split("/").filter(Boolean);
  if (first === undefined) return true;
  const written = [`/${first}`, first].find((form) => own.includes(form));
  return written === undefined || now.includes(written);
}
