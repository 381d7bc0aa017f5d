import { h } from "../ui/dom.js";
import { comparePhases, phaseLabel, phaseMeaning } from "./phases.js";

/** A sample of a phase's colour. @param {string} name */
export function swatch(name) {
  const element = h("span", { class: "swatch", "aria-hidden": "true" });
  element.style.background = `var(--phase-${name}, var(--phase-rest))`;
  return element;
}

/**
 * The colours that are in sight, and what they mean.
 *
 * @param {HTMLElement} list
 * @param {{ phases?: { name: string }[] }[]} drawn
 */
export function drawLegend(list, drawn) {
  const names = [
    ...new Set(drawn.flatMap(({ phases = [] }) => phases.map(({ name }) => name))),
  ].sort(comparePhases);
  if (names.join() === list.dataset.names) return;
  list.dataset.names = names.join();
  list.replaceChildren(
    ...names.map((name) => {
      const meaning = phaseMeaning(name) ?? "";
      const spoken = h("span", { class: "visually-hidden" }, `: ${meaning}`);
      return h("li", { title: meaning }, swatch(name), phaseLabel(name), spoken);
    }),
  );
}
