import { h } from "../ui/dom.js";

/** @import { BrowserStorage } from "../state/browser-storage.js" */

/** How near to an edge a divider may come, and where it is at first (per cent). */
const LEAST = 15;
const MOST = 85;
const MIDDLE = 50;
/** How far an arrow key moves it (per cent). */
const STEP = 2;

/**
 * A line between panes that is moved by the pointer or by arrow keys; a double press puts it back.
 *
 * @param {HTMLElement} panes what it divides
 * @param {BrowserStorage} storage where its place is kept until the next visit
 * @param {string} property the custom property of `panes` that holds its place, in per cent
 * @param {"vertical" | "horizontal"} orientation
 * @param {string} label
 */
export function divider(panes, storage, property, orientation, label) {
  const upright = orientation === "vertical";
  const kept = Number(storage.get(property));
  const isKept = kept >= LEAST && kept <= MOST;
  let place = isKept ? kept : MIDDLE;
  const element = h("div", {
    class: `divider ${orientation}`,
    role: "separator",
    tabindex: 0,
    "aria-orientation": orientation,
    "aria-label": label,
    "aria-valuemin": LEAST,
    "aria-valuemax": MOST,
    "aria-valuenow": MIDDLE,
  });
  const move = (/** @type {number} */ to) => {
    place = Math.min(MOST, Math.max(LEAST, to));
    panes.style.setProperty(property, `${place}%`);
    element.setAttribute("aria-valuenow", String(Math.round(place)));
  };
  if (isKept) move(kept);
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  element.addEventListener("pointermove", (event) => {
    if (!element.hasPointerCapture(event.pointerId)) return;
    const box = panes.getBoundingClientRect();
    const share = upright
      ? (event.clientX - box.left) / box.width
      : (event.clientY - box.top) / box.height;
    move(share * 100);
  });
  element.addEventListener("lostpointercapture", () => storage.set(property, place));
  element.addEventListener("dblclick", () => {
    panes.style.removeProperty(property);
    storage.remove(property);
  });
  element.addEventListener("keydown", (event) => {
    const [less, more] = upright ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
    if (event.key !== less && event.key !== more) return;
    event.preventDefault();
    move(place + (event.key === more ? STEP : -STEP));
    storage.set(property, place);
  });
  return element;
}
