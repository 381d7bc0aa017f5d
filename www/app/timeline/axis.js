/**
 * Round numbers for a time axis.
 *
 * @param {number} start
 * @param {number} end
 * @param {number} most how many marks fit
 * @returns {{ step: number, marks: number[] }} marks within [start, end]
 */
export function axisMarks(start, end, most) {
  const span = end - start;
  if (!(span > 0) || !Number.isFinite(span) || most < 1) return { step: 0, marks: [] };
  const rough = span / most;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * magnitude >= rough) ?? 10) * magnitude;
  const marks = [];
  // A mark that is off by rounding counts; adding zero makes −0 a 0.
  for (
    let index = Math.ceil(start / step - 1e-9) + 0;
    index * step <= end + step * 1e-9;
    index += 1
  )
    marks.push(index * step);
  return { step, marks };
}

/**
 * What a mark is called.
 * @param {number} mark
 * @param {number} step milliseconds
 */
export function axisLabel(mark, step) {
  if (step >= 1000) return `${Number((mark / 1000).toFixed(1))} s`;
  return `${Number(mark.toFixed(step < 1 ? 2 : 0))} ms`;
}
