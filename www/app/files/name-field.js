import { h } from "../ui/dom.js";
import { words } from "../words/words.js";

/** @typedef {{ elements: HTMLElement[], focus: () => void }} NameField */

/**
 * Asks for the name of a file, in place of the buttons beside the tabs. Enter and leaving the field
 * take a good name; leaving it drops a bad one, as Escape does.
 *
 * @param {object} options
 * @param {string | null} options.from the file's name until now; null for a new file
 * @param {(name: string) => string | null} options.problemWith why a name is not good, if it is not
 * @param {(name: string) => void} options.onName
 * @param {() => void} options.onCancel
 * @returns {NameField}
 */
export function nameField({ from, problemWith, onName, onCancel }) {
  const name = from ?? "";
  const message = h("span", { class: "field-error", role: "alert" });
  let done = false;
  const take = () => {
    const wanted = field.value.trim();
    const problem = problemWith(wanted);
    message.textContent = problem ?? "";
    if (problem !== null) return false;
    done = true;
    onName(wanted);
    return true;
  };
  const cancel = () => {
    done = true;
    onCancel();
  };
  const field = h("input", {
    class: "tab-name",
    "aria-label": from ? words.files.newName(from) : words.files.nameOfNew,
    "data-testid": "file-name",
    placeholder: words.files.namePlaceholder,
    spellcheck: "false",
    autocapitalize: "off",
    value: name,
    size: Math.max(10, name.length + 2),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter") take();
      else if (event.key === "Escape") cancel();
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    onblur: () => {
      // Redrawing takes the field away, which blurs it too.
      if (done || !field.isConnected) return;
      if (!take()) cancel();
    },
  });
  const focus = () => {
    field.focus();
    // The name without folder and ending is what changes most often.
    const dot = name.lastIndexOf(".");
    field.setSelectionRange(name.lastIndexOf("/") + 1, dot > 0 ? dot : name.length);
  };
  return { elements: [field, message], focus };
}
