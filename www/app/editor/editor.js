import {
  defaultKeymap,
  history,
  historyKeymap,
  indentLess,
  indentMore,
} from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import {
  bracketMatching,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import {
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

import { words } from "../words/words.js";
import { theme } from "./theme.js";

/** The editor: one view, one state (with its undo history) for every file. */
export class Editor {
  /** @type {Map<string, EditorState>} */
  #states = new Map();
  /** @type {string | null} */
  #open = null;
  #view;
  #extensions;
  #onEdit;

  /**
   * @param {HTMLElement} parent
   * @param {{
   *   onEdit: (name: string, text: string) => void,
   *   onRun: () => void,
   *   onSave: () => void
   * }} callbacks
   */
  constructor(parent, { onEdit, onRun, onSave }) {
    this.#onEdit = onEdit;
    const run = () => (onRun(), true);
    const save = () => (onSave(), true);
    this.#extensions = [
      theme,
      lineNumbers(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      history(),
      drawSelection(),
      indentOnInput(),
      indentUnit.of("    "),
      bracketMatching(),
      syntaxHighlighting(classHighlighter),
      keymap.of([
        { key: "Mod-Enter", run, preventDefault: true },
        { key: "Mod-s", run: save, preventDefault: true },
        // Tab indents a selection of several lines only: with a mere cursor it moves on, as
        // everywhere on a page.
        {
          key: "Tab",
          run: (view) => !view.state.selection.main.empty && indentMore(view),
          shift: indentLess,
        },
        ...defaultKeymap,
        ...historyKeymap,
      ]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged && this.#open !== null)
          this.#onEdit(this.#open, update.state.doc.toString());
      }),
    ];
    this.#view = new EditorView({ parent, state: this.#stateFor("", "") });
  }

  /**
   * Shows a file; its undo history, selection and text stay from last time unless its text changed
   * meanwhile.
   * @param {string} name
   * @param {string} text
   */
  open(name, text) {
    this.#keep();
    const kept = this.#states.get(name);
    this.#open = null;
    this.#view.setState(kept && kept.doc.toString() === text ? kept : this.#stateFor(name, text));
    this.#open = name;
  }

  /** Forgets everything that was open. */
  reset() {
    this.#states.clear();
    this.#open = null;
    this.#view.setState(this.#stateFor("", ""));
  }

  /** @param {string} from @param {string} to */
  renamed(from, to) {
    this.#keep();
    const state = this.#states.get(from);
    if (state) this.#states.set(to, state);
    this.#states.delete(from);
    if (this.#open === from) this.#open = to;
  }

  focus() {
    this.#view.focus();
  }

  #keep() {
    if (this.#open !== null) this.#states.set(this.#open, this.#view.state);
  }

  /** @param {string} name @param {string} text */
  #stateFor(name, text) {
    return EditorState.create({
      doc: text,
      extensions: [
        this.#extensions,
        name.endsWith(".py") ? python() : [],
        EditorView.contentAttributes.of({
          // Who scrolls by keyboard gets here by Tab, where nothing can be edited too.
          tabindex: "0",
          "aria-label": name ? words.files.contents(name) : words.files.noneOpen,
        }),
        EditorState.readOnly.of(name === ""),
      ],
    });
  }
}
