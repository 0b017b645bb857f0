/** How many words of a name the search index keeps. */
const MAX_WORDS = 12;

/** The shortest text a search can start from. */
export const SHORTEST_WORD = 3;

/**
 * The words under which a name is found: the name itself, and every part between separators, lower-case.
 * A search for the start of any of them finds the name.
 */
export function nameWords(name: string): string[] {
  const whole = name.toLowerCase();
  const parts = whole.split(/[^a-z0-9]+/).filter((part) => part !== '');
  return [...new Set([whole, ...parts])].slice(0, MAX_WORDS).map((word) => word.slice(0, 200));
}
