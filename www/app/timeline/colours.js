import { PHASES } from "./phases.js";

/** The theme's colours and font as a canvas takes them. */
export class Colours {
  /** @type {Map<string, string>} */
  #colours = new Map();
  font = "";

  /**
   * The theme's colours are custom properties; a probe resolves them where the canvas is.
   * @param {Element} parent
   */
  read(parent) {
    const probe = document.createElement("span");
    probe.hidden = true;
    parent.append(probe);
    const resolve = (/** @type {string} */ variable) => {
      probe.style.color = `var(${variable})`;
      return getComputedStyle(probe).color;
    };
    for (const name of ["grid", "muted", "accent", "text"])
      this.#colours.set(name, resolve(`--${name}`));
    this.#colours.set("rest", resolve("--phase-rest"));
    for (const name of PHASES) {
      this.#colours.set(name, resolve(`--phase-${name}`));
      this.#colours.set(`on-${name}`, resolve(`--on-phase-${name}`));
    }
    this.font = getComputedStyle(probe).fontFamily;
    probe.remove();
  }

  /** A part of the theme, a phase, or `on-` a phase for text. @param {string} name */
  of(name) {
    return this.#colours.get(name) ?? this.#colours.get("rest") ?? "gray";
  }
}
