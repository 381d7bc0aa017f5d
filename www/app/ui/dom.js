/**
 * Makes an element. Properties: `class`, `on…` listeners, everything else an attribute (`false` and
 * `null` leave it out). Text goes in as text nodes only: nothing that a server or a user wrote is
 * ever parsed as HTML.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") {
      element.addEventListener(name.replace(/^on/, ""), /** @type {EventListener} */ (value));
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(
    ...children.filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

let last = 0;

/** An id that is unique in the document, for labels and aria references. @param {string} stem */
export function uniqueId(stem) {
  last += 1;
  return `wasgi-${stem}-${last}`;
}

/**
 * Runs `draw` at most once per frame however often it is asked for; in a hidden tab, where frames
 * do not come, it waits for the next frame.
 *
 * @param {() => void} draw
 */
export function oncePerFrame(draw) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
}

/**
 * Scrolls a box as far as it takes to show an element in it, and nothing around the box: unlike
 * `scrollIntoView`, which scrolls the page, too.
 *
 * @param {Element} box
 * @param {Element} element
 */
export function scrollWithin(box, element) {
  const frame = box.getBoundingClientRect();
  const inner = element.getBoundingClientRect();
  const left = frame.left + box.clientLeft;
  const top = frame.top + box.clientTop;
  box.scrollLeft += beyond(inner.left, inner.right, left, left + box.clientWidth);
  box.scrollTop += beyond(inner.top, inner.bottom, top, top + box.clientHeight);
}

/**
 * How far a stretch sticks out of another: negative at its start, positive at its end.
 * @param {number} start
 * @param {number} end
 * @param {number} from
 * @param {number} to
 */
function beyond(start, end, from, to) {
  if (start < from) return start - from;
  return end > to ? Math.min(end - to, start - from) : 0;
}
