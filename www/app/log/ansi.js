/**
 * SGR ("select graphic rendition", ECMA-48 § 8.3.117) as terminals understand it. Every other
 * escape sequence and control character is dropped.
 *
 * @typedef {object} Style
 * @property {string | null} colour a CSS colour, or null for the default
 * @property {string | null} background
 * @property {boolean} bold
 * @property {boolean} dim
 * @property {boolean} italic
 * @property {boolean} underline
 * @property {boolean} inverse
 *
 * @typedef {{ text: string, style: Style | null }} Run a stretch of one style; null where it is
 * plain
 */

/** @type {Readonly<Style>} */
const PLAIN = Object.freeze({
  colour: null,
  background: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
});

// CSI sequences, OSC strings (ended by BEL or ST), two-character escapes, then bare control
// characters but tab.
const ESCAPES =
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  /\u001b\[([0-?]*)[ -/]*([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]?|[\u0000-\u0008\u000a-\u001f\u007f]/g;

/** Splits lines into styled runs; the style lasts from line to line, as on a terminal. */
export class AnsiParser {
  /** @type {Style} */
  #style = { ...PLAIN };

  /**
   * @param {string} line
   * @returns {Run[]}
   */
  parse(line) {
    /** @type {Run[]} */
    const runs = [];
    let from = 0;
    for (const match of line.matchAll(ESCAPES)) {
      this.#push(runs, line.slice(from, match.index));
      from = match.index + match[0].length;
      if (match[2] === "m") this.#select(match[1]);
    }
    this.#push(runs, line.slice(from));
    return runs;
  }

  /** @param {Run[]} runs @param {string} text */
  #push(runs, text) {
    if (text === "") return;
    const plain = Object.entries(this.#style).every(([, value]) => !value);
    runs.push({ text, style: plain ? null : { ...this.#style } });
  }

  /** @param {string} parameters */
  #select(parameters) {
    // `38:2::r:g:b` is the standard's own form of `38;2;r;g;b`; its colour space stays empty.
    const codes = parameters
      .replace(/([34]8):2:(?:\d*):(\d+:\d+:\d+)/g, "$1:2:$2")
      .split(/[;:]/)
      .map((code) => Number(code || 0));
    const style = this.#style;
    for (let index = 0; index < codes.length; index += 1) {
      const code = codes[index];
      if (code === 38 || code === 48) {
        const [colour, used] = extendedColour(codes.slice(index + 1));
        if (colour) style[code === 38 ? "colour" : "background"] = colour;
        index += used;
      } else if (code === 0) Object.assign(style, PLAIN);
      else if (code === 1) style.bold = true;
      else if (code === 2) style.dim = true;
      else if (code === 3) style.italic = true;
      else if (code === 4) style.underline = true;
      else if (code === 7) style.inverse = true;
      else if (code === 22) style.bold = style.dim = false;
      else if (code === 23) style.italic = false;
      else if (code === 24) style.underline = false;
      else if (code === 27) style.inverse = false;
      else if (code >= 30 && code <= 37) style.colour = namedColour(code - 30);
      else if (code === 39) style.colour = null;
      else if (code >= 40 && code <= 47) style.background = namedColour(code - 40);
      else if (code === 49) style.background = null;
      else if (code >= 90 && code <= 97) style.colour = namedColour(code - 90 + 8);
      else if (code >= 100 && code <= 107) style.background = namedColour(code - 100 + 8);
    }
  }
}

/** The sixteen named colours come from the theme. @param {number} index 0 to 15 */
function namedColour(index) {
  return `var(--ansi-${index})`;
}

/**
 * @param {number[]} codes what follows 38 or 48
 * @returns {[string | null, number]} the colour, and how many codes it took
 */
function extendedColour(codes) {
  const byte = (/** @type {number | undefined} */ value) =>
    Math.min(255, Math.max(0, Math.trunc(value ?? 0)));
  if (codes[0] === 5) return [paletteColour(byte(codes[1])), 2];
  if (codes[0] === 2) return [`rgb(${byte(codes[1])} ${byte(codes[2])} ${byte(codes[3])})`, 4];
  return [null, codes.length];
}

/** xterm's palette: 16 named colours, a 6×6×6 cube, 24 greys. @param {number} index 0 to 255 */
function paletteColour(index) {
  if (index < 16) return namedColour(index);
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey} ${grey} ${grey})`;
  }
  const level = (/** @type {number} */ step) => (step === 0 ? 0 : 55 + step * 40);
  const cube = index - 16;
  return `rgb(${level(Math.trunc(cube / 36))} ${level(Math.trunc(cube / 6) % 6)} ${level(cube % 6)})`;
}
