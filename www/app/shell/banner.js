import { h } from "../ui/dom.js";
import { words } from "../words/words.js";
import { missingCapabilities } from "./capabilities.js";

/** What is missing here, and what still works; nothing where nothing is missing. */
export function banner() {
  const lacks = missingCapabilities();
  if (lacks.length === 0) return null;
  const element = h(
    "details",
    { class: "banner", "data-testid": "banner" },
    h(
      "summary",
      {},
      words.missing.title(lacks.map(({ name }) => name)),
      h("span", { class: "link" }, words.missing.more),
    ),
    h("ul", {}, ...lacks.map(({ name, text }) => h("li", {}, h("b", {}, `${name}: `), text))),
    h("button", { type: "button", onclick: () => element.remove() }, words.missing.hide),
  );
  return element;
}
