import { h, uniqueId } from "../ui/dom.js";
import { Editor } from "../editor/editor.js";

/** @import { Workspace } from "./workspace.js" */

/** The files as tabs, and the editor below them. */
export class FilesPane {
  #workspace;
  #editor;
  #tabs = h("div", { class: "tabs", role: "tablist", "aria-label": "Files" });
  /** What acts on the open file, or asks for a name. */
  #actions = h("div", { class: "tab-actions" });
  #notice = h("div", { class: "notice", role: "status", hidden: true });
  #panel = h("div", {
    class: "editor",
    role: "tabpanel",
    id: uniqueId("editor"),
    "data-testid": "editor",
  });
  /** @type {string | null} */
  #open = null;
  /**
   * @type {{ from: string | null } | null} what the name field is for: a new file (null) or a
   * renamed one
   */
  #naming = null;

  /**
   * @param {Workspace} workspace
   * @param {{ onRun: () => void, onSave: () => void }} callbacks
   */
  constructor(workspace, callbacks) {
    this.#workspace = workspace;
    this.element = h(
      "section",
      { class: "pane files", "aria-label": "Code" },
      h("div", { class: "pane-head" }, this.#tabs, this.#actions),
      this.#notice,
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
    this.#notice.hidden = true;
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

  #draw() {
    const focused = this.#tabs.contains(document.activeElement);
    this.#tabs.replaceChildren(...this.#workspace.names.map((name) => this.#tab(name)));
    this.#actions.replaceChildren(
      ...(this.#naming ? this.#nameField(this.#naming.from ?? "") : this.#buttons()),
    );
    const selected = this.#selectedTab;
    selected?.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (focused && !this.#naming) selected?.focus();
    this.#panel.setAttribute("aria-label", this.#open ?? "No file");
  }

  /** @returns {HTMLElement | null} */
  get #selectedTab() {
    return this.#tabs.querySelector("[aria-selected=true]");
  }

  /** What can be done with the open file, and a new one. */
  #buttons() {
    const open = this.#open;
    const button = (
      /** @type {string} */ sign,
      /** @type {string} */ label,
      /** @type {string} */ id,
      /** @type {() => void} */ onclick,
    ) =>
      h(
        "button",
        { class: "quiet", title: label, "aria-label": label, "data-testid": id, onclick },
        sign,
      );
    const add = button("+", "Add a file", "add-file", () => this.#name(null));
    if (open === null) return [add];
    return [
      button("✎", `Rename ${open}`, "rename-file", () => this.#name(open)),
      button("×", `Delete ${open}`, "delete-file", () => this.#delete(open)),
      add,
    ];
  }

  /** @param {string} name */
  #tab(name) {
    const selected = name === this.#open;
    return h(
      "button",
      {
        role: "tab",
        class: "tab",
        "aria-selected": String(selected),
        "aria-controls": this.#panel.id,
        "data-file": name,
        tabindex: selected ? 0 : -1,
        title: selected ? "F2 or double-click renames, Delete removes" : name,
        onclick: () => this.open(name),
        ondblclick: () => this.#name(name),
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event, name),
      },
      name,
    );
  }

  /** @param {KeyboardEvent} event @param {string} name */
  #key(event, name) {
    const names = this.#workspace.names;
    const at = names.indexOf(name);
    const target = {
      ArrowLeft: names.at(at - 1),
      ArrowRight: names[(at + 1) % names.length],
      Home: names[0],
      End: names.at(-1),
    }[event.key];
    if (target !== undefined) {
      this.open(target);
      this.#selectedTab?.focus();
    } else if (event.key === "F2") this.#name(name);
    else if (event.key === "Delete") this.#delete(name);
    else return;
    event.preventDefault();
  }

  /** Asks for a name in place. @param {string | null} from null for a new file */
  #name(from) {
    this.#naming = { from };
    this.#draw();
    const field = /** @type {HTMLInputElement | null} */ (this.#actions.querySelector("input"));
    field?.focus();
    const dot = from?.lastIndexOf(".") ?? 0;
    field?.setSelectionRange(
      from ? from.lastIndexOf("/") + 1 : 0,
      dot > 0 ? dot : (from?.length ?? 0),
    );
  }

  /** @param {string} name */
  #nameField(name) {
    const message = h("span", { class: "field-error", role: "alert" });
    const field = h("input", {
      class: "tab-name",
      "aria-label": name ? `New name of ${name}` : "Name of the new file",
      "data-testid": "file-name",
      placeholder: "name.py",
      spellcheck: "false",
      autocapitalize: "off",
      value: name,
      size: Math.max(10, name.length + 2),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Enter") this.#commitName(field.value.trim(), message);
        else if (event.key === "Escape") this.#endNaming();
        else return;
        event.preventDefault();
        event.stopPropagation();
      },
      onblur: () => {
        // Leaving the field takes a good name and drops a bad one. Redrawing takes the field away,
        // which blurs it too.
        if (!field.isConnected || !this.#naming) return;
        if (this.#workspace.problemWith(field.value.trim(), this.#naming.from) === null) {
          this.#commitName(field.value.trim(), message);
        } else this.#endNaming();
      },
    });
    return [field, message];
  }

  /** @param {string} name @param {HTMLElement} message */
  #commitName(name, message) {
    if (!this.#naming) return;
    const { from } = this.#naming;
    const problem = this.#workspace.problemWith(name, from);
    if (problem !== null) {
      message.textContent = problem;
      return;
    }
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

  #endNaming() {
    this.#naming = null;
    this.#draw();
    this.#selectedTab?.focus();
  }

  /** Deletes at once, and offers to take it back. @param {string} name */
  #delete(name) {
    const text = this.#workspace.read(name) ?? "";
    const names = this.#workspace.names;
    const next = names[names.indexOf(name) + 1] ?? names[names.indexOf(name) - 1] ?? null;
    this.#workspace.remove(name);
    this.open(next);
    this.offerUndo(`${name} was deleted.`, () => {
      if (this.#workspace.problemWith(name) === null) this.#workspace.write(name, text);
      this.open(name);
    });
  }

  /**
   * Says what was done, and offers to take it back.
   * @param {string} text
   * @param {() => void} undo
   */
  offerUndo(text, undo) {
    const back = () => {
      this.#notice.hidden = true;
      undo();
    };
    const hide = () => (this.#notice.hidden = true);
    this.#notice.replaceChildren(
      text,
      h("button", { class: "link", "data-testid": "undo", onclick: back }, "Undo"),
      h("span", { class: "grow" }),
      h(
        "button",
        { class: "quiet", title: "Hide this", "aria-label": "Hide this", onclick: hide },
        "×",
      ),
    );
    this.#notice.hidden = false;
  }
}
