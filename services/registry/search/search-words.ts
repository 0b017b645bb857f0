/** How many words of a name the search index keeps, each for project, root namespace and instance. */
const MAX_WORDS = 10;

/** The most characters of a word; the rest is not indexed. */
const MAX_WORD = 200;

/**
 * The words under which a name is indexed: every part between separators, in lower case. A name without such parts is
 * indexed under itself. A search for a prefix of any of them finds the name.
 */
export function nameWords(name: string): string[] {
  const parts = wordsOf(name);
  const words = (parts.length > 0 ? parts : [name.toLowerCase()]).map((word) => word.slice(0, MAX_WORD));
  return [...new Set(words)].slice(0, MAX_WORDS);
}

/** The parts of a text between separators, in lower case. */
export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== '');
}
