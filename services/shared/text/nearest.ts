/** The largest number of typing errors in a word that is still recognized. */
const MOST_ERRORS = 2;

/**
 * Returns the word that the text most likely was meant to be: the one with the fewest typing errors, at most two and
 * not more than half of its letters. Undefined when there is none.
 */
export function nearest(text: string, words: Iterable<string>): string | undefined {
  let best: { readonly word: string; readonly errors: number } | undefined;
  for (const word of words) {
    const errors = errorsBetween(text, word);
    if (errors > MOST_ERRORS || errors * 2 > word.length) continue;
    if (!best || errors < best.errors) best = { word, errors };
  }
  return best?.word;
}

/** The number of letters that are missing, superfluous or wrong (the Levenshtein distance). */
function errorsBetween(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > MOST_ERRORS) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (const [at, expected] of [...other].entries()) {
      const replaced = (row[at] ?? 0) + (letter === expected ? 0 : 1);
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
