/** How many words of a name the search index keeps, each in three scopes. */
const MAX_WORDS = 10;

/** The shortest text a search can start from. */
export const SHORTEST_WORD = 3;

/**
 * The words under which a name is found: the name itself, and every part between separators, lower-case.
 * A search for the start of any of them finds the name.
 */
export function nameWords(name: string): string[] {
  return [...new Set([name.toLowerCase(), ...wordsOf(name)])]
    .slice(0, MAX_WORDS)
    .map((word) => word.slice(0, 200));
}

/** The parts of a text between separators, lower-case. */
export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== '');
}
