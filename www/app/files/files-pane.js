import { Editor } from "../editor/editor.js";
import { h, uniqueId } from "../ui/dom.js";
import { words } from "../words/words.js";
import { FileTabs } from "./file-tabs.js";
import { nameField } from "./name-field.js";
import { Notice } from "./notice.js";

/** @import { NameField } from "./name-field.js" */
/** @import { Workspace } from "./workspace.js" */

/**
 * The files as tabs, and the editor below them.
 *
 * Events: edits go into the workspace, which tells of them with its `change`; when files came or
 * went, this pane draws its tabs again. Which file is open is known here only.
 */
export class FilesPane {
  #workspace;
  #editor;
  #tabs;
  #notice = new Notice();
  /** What acts on the open file, or asks for a name. */
  #actions = h("div", { class: "tab-actions" });
  #panel = h("div", {
    class: "editor",
    role: "tabpanel",
    id: uniqueId("editor"),
    "data-testid": "editor",
  });
  /** @type {string | null} */
  #open = null;
  /** @type {NameField | null} the field that asks for a name just now */
  #naming = null;

  /**
   * @param {Workspace} workspace
   * @param {{ onRun: () => void, onSave: () => void }} callbacks
   */
  constructor(workspace, callbacks) {
    this.#workspace = workspace;
    this.#tabs = new FileTabs(this.#panel.id, {
      onOpen: (name) => this.open(name),
      onRename: (name) => this.#askName(name),
      onDelete: (name) => this.#delete(name),
    });
    this.element = h(
      "section",
      { class: "pane files", "aria-label": words.panes.code },
      h("div", { class: "pane-head" }, this.#tabs.element, this.#actions),
      this.#notice.element,
      this.#panel,
    );
    this.#editor = new Editor(this.#panel, {
      ...callbacks,
      onEdit: (name, text) => workspace.write(name, text),
    });
    workspace.addEventListener("change", (event) => {
      if (/** @type {CustomEvent<{ name: string | null }>} */ (event).detail.name === null)
        this.#draw();
    });
  }

  /** Shows another set of files. @param {Record<string, string>} files @param {string} open */
  load(files, open) {
    this.#editor.reset();
    this.#open = null;
    this.#naming = null;
    this.#notice.hide();
    this.#workspace.replaceAll(files);
    this.open(open in files ? open : (this.#workspace.names[0] ?? null));
  }

  /** @param {string | null} name */
  open(name) {
    this.#open = name;
    if (name === null) this.#editor.reset();
    else this.#editor.open(name, this.#workspace.read(name) ?? "");
    this.#draw();
  }

  /**
   * Says what was done, and offers to take it back.
   * @param {string} text
   * @param {() => void} undo
   */
  offerUndo(text, undo) {
    this.#notice.offerUndo(text, undo);
  }

  #draw() {
    this.#tabs.draw(this.#workspace.names, this.#open, this.#naming === null);
    if (!this.#naming) this.#actions.replaceChildren(...this.#buttons());
    this.#panel.setAttribute("aria-label", this.#open ?? words.files.noFile);
  }

  /** What can be done with the open file, and a new one. */
  #buttons() {
    const open = this.#open;
    const add = button("+", words.files.add, "add-file", () => this.#askName(null));
    if (open === null) return [add];
    return [
      button("✎", words.files.rename(open), "rename-file", () => this.#askName(open)),
      button("×", words.files.delete(open), "delete-file", () => this.#delete(open)),
      add,
    ];
  }

  /** Asks for a name in place. @param {string | null} from null for a new file */
  #askName(from) {
    const field = nameField({
      from,
      problemWith: (name) => this.#workspace.problemWith(name, from),
      onName: (name) => {
        if (this.#naming === field) this.#named(from, name);
      },
      onCancel: () => {
        if (this.#naming !== field) return;
        this.#naming = null;
        this.#draw();
        this.#tabs.focus();
      },
    });
    this.#naming = field;
    this.#draw();
    this.#actions.replaceChildren(...field.elements);
    field.focus();
  }

  /** @param {string | null} from @param {string} name */
  #named(from, name) {
    this.#naming = null;
    if (from === null) {
      this.#workspace.write(name, "");
      this.open(name);
      this.#editor.focus();
    } else if (from !== name) {
      this.#editor.renamed(from, name);
      if (this.#open === from) this.#open = name;
      this.#workspace.rename(from, name);
    }
    this.#draw();
  }

  /** Deletes at once, and offers to take it back. @param {string} name */
  #delete(name) {
    const text = this.#workspace.read(name) ?? "";
    const names = this.#workspace.names;
    const next = names[names.indexOf(name) + 1] ?? names[names.indexOf(name) - 1] ?? null;
    this.#workspace.remove(name);
    this.open(next);
    this.offerUndo(words.files.deleted(name), () => {
      if (this.#workspace.problemWith(name) === null) this.#workspace.write(name, text);
      this.open(name);
    });
  }
}

/** @param {string} sign @param {string} label @param {string} id @param {() => void} onclick */
function button(sign, label, id, onclick) {
  return h(
    "button",
    { class: "quiet", title: label, "aria-label": label, "data-testid": id, onclick },
    sign,
  );
}
