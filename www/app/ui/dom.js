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
