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

/** The parts of a text between separators, in lower case. Letters and digits of every script are part of words. */
export function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((part) => part !== '');
}

/** The words of a search text. A text of separators only is a word, so that it finds the names indexed under it. */
export function searchWords(text: string): string[] {
  const words = wordsOf(text);
  return words.length > 0 || text === '' ? [...new Set(words)] : [text.toLowerCase()];
}
