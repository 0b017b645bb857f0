/** Removes the single quotes around an OData literal, which some clients omit, and unescapes those inside. */
export function unquoted(text: string): string {
  const trimmed = text.trim();
  return (/^'(?<inside>.*)'$/s.exec(trimmed)?.groups?.inside ?? trimmed).replaceAll("''", "'");
}

/** A function call (`Search()`), or an entity by its key (`Packages(Id='a',Version='1')`). */
export interface ODataCall {
  readonly name: string;
  readonly key: ReadonlyMap<string, string>;
}

/**
 * Parses the last segment of an OData URL, decoded. Returns undefined if it is neither a call nor a set, or if its
 * key is invalid.
 */
export function parseCall(segment: string): ODataCall | undefined {
  const open = segment.indexOf('(');
  const name = open < 0 ? segment : segment.slice(0, open);
  if (!/^[A-Za-z]+$/.test(name) || (open >= 0 && !segment.endsWith(')'))) return undefined;
  const text = segment.slice(name.length + 1, -1).trim();
  const parts = text.matchAll(/\b(?<part>[A-Za-z]+)\s*=\s*(?<text>'(?:[^']|'')*')/g);
  const key = new Map(Array.from(parts, ({ groups }) => [groups?.part ?? '', unquoted(groups?.text ?? '')]));
  return text !== '' && key.size === 0 ? undefined : { name, key };
}
