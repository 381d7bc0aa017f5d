/** A pointer that moves less than this (CSS px) clicks; more drags. */
const SLACK = 4;

/**
 * @typedef {object} PointerActions
 * @property {(x: number, y: number, event: PointerEvent) => void} hover x and y within the drawing
 * @property {(x: number, y: number, event: PointerEvent) => void} click
 * @property {(range: { from: number, to: number } | null) => void} drag a range that is being
 * picked, in CSS px
 * @property {(from: number, to: number) => void} pick from is left of to
 * @property {() => void} leave
 * @property {(factor: number, x: number) => void} zoom
 * @property {(share: number) => void} pan a share of what is in sight, negative to the left
 */

/**
 * Hovering, clicking, dragging a range, and the wheel: with Ctrl or ⌘ it zooms, sideways (or with
 * Shift) it pans.
 *
 * @param {HTMLElement} plot
 * @param {HTMLCanvasElement} canvas whose coordinates count
 * @param {PointerActions} actions
 */
export function listenToPointer(plot, canvas, actions) {
  /** @type {number | null} */
  let from = null;
  const at = (/** @type {MouseEvent} */ event) => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  plot.addEventListener("pointerdown", (event) => {
    // A finger scrolls.
    if (event.button !== 0 || event.pointerType === "touch") return;
    from = at(event).x;
    plot.setPointerCapture(event.pointerId);
  });
  plot.addEventListener("pointermove", (event) => {
    const { x, y } = at(event);
    if (from === null) actions.hover(x, y, event);
    else if (Math.abs(x - from) > SLACK) actions.drag({ from, to: x });
  });
  plot.addEventListener("pointerup", (event) => {
    const { x, y } = at(event);
    if (from !== null && Math.abs(x - from) > SLACK)
      actions.pick(Math.min(from, x), Math.max(from, x));
    else actions.click(x, y, event);
    from = null;
    actions.drag(null);
  });
  plot.addEventListener("pointercancel", () => {
    from = null;
    actions.drag(null);
  });
  plot.addEventListener("pointerleave", () => {
    if (from === null) actions.leave();
  });
  plot.addEventListener(
    "wheel",
    (event) => {
      const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
      if (event.ctrlKey || event.metaKey) actions.zoom(1.0015 ** event.deltaY, at(event).x);
      else if (sideways && (event.shiftKey || Math.abs(sideways) > Math.abs(event.deltaY))) {
        actions.pan(sideways / plot.clientWidth);
      } else return;
      event.preventDefault();
    },
    { passive: false },
  );
}
