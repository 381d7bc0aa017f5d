import { h, uniqueId } from "../ui/dom.js";
import { LANGUAGES, language, rememberLanguage } from "../words/language.js";
import { words } from "../words/words.js";

/** A button and what it opens: what this is, and its keys. @returns {HTMLElement[]} */
export function help() {
  const id = uniqueId("help");
  const button = h(
    "button",
    {
      type: "button",
      class: "quiet",
      popovertarget: id,
      title: words.help.title,
      "aria-label": words.help.title,
      "data-testid": "help",
    },
    "?",
  );
  const keys = h("dl", {});
  for (const [key, meaning] of words.help.keys)
    keys.append(h("dt", {}, h("kbd", {}, key)), h("dd", {}, meaning));
  const box = h(
    "div",
    { class: "menu help", popover: "auto", id },
    h("p", {}, words.help.about),
    keys,
    languageChoice(),
  );
  box.addEventListener("beforetoggle", () => {
    const { right, bottom } = button.getBoundingClientRect();
    box.style.right = `${Math.max(4, innerWidth - right)}px`;
    box.style.left = "auto";
    box.style.top = `${bottom + 4}px`;
  });
  return [button, box];
}

/** The languages of the page: another one is spoken after the page has been loaded again. */
function languageChoice() {
  const options = Object.entries(LANGUAGES).map(([code, name]) =>
    h("option", { value: code, lang: code, selected: code === language }, name),
  );
  const select = h("select", { "data-testid": "language" }, ...options);
  select.addEventListener("change", () => {
    rememberLanguage(select.value);
    location.reload();
  });
  return h("label", { class: "language" }, words.help.language, " ", select);
}
