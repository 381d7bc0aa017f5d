import { h, uniqueId } from "../ui/dom.js";

const KEYS = [
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
];

/** A button and what it opens: what this is, and its keys. @returns {HTMLElement[]} */
export function help() {
  const id = uniqueId("help");
  const button = h(
    "button",
    {
      type: "button",
      class: "quiet",
      popovertarget: id,
      title: "Help",
      "aria-label": "Help",
      "data-testid": "help",
    },
    "?",
  );
  const keys = h("dl", {});
  for (const [key, meaning] of KEYS)
    keys.append(h("dt", {}, h("kbd", {}, key)), h("dd", {}, meaning));
  const box = h(
    "div",
    { class: "menu help", popover: "auto", id },
    h(
      "p",
      {},
      "A Python web server in this tab: nothing is installed, and nothing leaves it. Every duration on the screen was measured here.",
    ),
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
