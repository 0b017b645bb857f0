/** How deep the objects and arrays of a manifest may nest. JSON readers of clients stop at 128 levels. */
const MAX_DEPTH = 64;

/** An escape of half a character, which only a lone half has in the text that `JSON.stringify` makes. */
const HALF_CHARACTER = /(?<!\\)(?:\\\\)*\\ud[89a-f][0-9a-f]{2}/;

/**
 * Why some clients refuse to read a manifest, or undefined. They would refuse the whole packument, with all other
 * versions. So such versions are refused, and those that are stored are left out of indexes.
 * @param text the manifest, as `JSON.stringify` makes it
 */
export function refusedByClients(text: string): string | undefined {
  if (text.includes('\\ud') && HALF_CHARACTER.test(text)) return 'a text in it is not valid Unicode';
  return isDeep(text) ? `it is nested more than ${MAX_DEPTH} levels deep` : undefined;
}

/** Parses only texts with so many brackets that they might be too deep. */
function isDeep(text: string): boolean {
  let brackets = 0;
  for (let index = 0; index < text.length && brackets <= MAX_DEPTH; index++) {
    const character = text.charCodeAt(index);
    if (character === 0x7b || character === 0x5b) brackets++;
  }
  return brackets > MAX_DEPTH && isDeeper(JSON.parse(text), MAX_DEPTH);
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}
