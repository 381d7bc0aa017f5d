import { h, uniqueId } from "../ui/dom.js";
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
  );
  box.addEventListener("beforetoggle", () => {
    const { right, bottom } = button.getBoundingClientRect();
    box.style.right = `${Math.max(4, innerWidth - right)}px`;
    box.style.left = "auto";
    box.style.top = `${bottom + 4}px`;
  });
  return [button, box];
}
