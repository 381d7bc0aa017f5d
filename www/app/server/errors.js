/** What an error says, as a sentence. @param {unknown} error */
export function sentenceOf(error) {
  const text = messageOf(error);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** What an error says. @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message || error.name : String(error);
}

/**
 * Whether a command ended before it listened: the API's `ServerExit`.
 * @param {unknown} error
 * @returns {error is { code: number }}
 */
export function isServerExit(error) {
  return error instanceof Error && "code" in error && typeof error.code === "number";
}
