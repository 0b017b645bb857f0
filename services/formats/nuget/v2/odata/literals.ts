/** A text in single quotes, which OData doubles inside; some clients leave them out around it. */
export function unquoted(text: string): string {
  const trimmed = text.trim();
  return (/^'(?<inside>.*)'$/s.exec(trimmed)?.groups?.inside ?? trimmed).replaceAll("''", "'");
}

/** A call or an entity by its key: `Search()`, or `Packages(Id='a',Version='1')` with the parts of the key. */
export interface ODataCall {
  readonly name: string;
  readonly key: ReadonlyMap<string, string>;
}

/** The most characters of a call: two ids or versions, and what stands around them. */
const MAX_CALL = 500;

/**
 * Reads the last segment of an OData address, decoded; undefined when it is neither a call nor a set, or has a key
 * that can't be read.
 */
export function parseCall(segment: string): ODataCall | undefined {
  if (segment.length > MAX_CALL) return undefined;
  const open = segment.indexOf('(');
  const name = open < 0 ? segment : segment.slice(0, open);
  if (!/^[A-Za-z]+$/.test(name) || (open >= 0 && !segment.endsWith(')'))) return undefined;
  const text = segment.slice(name.length + 1, -1).trim();
  const parts = text.matchAll(/\b(?<part>[A-Za-z]+)\s*=\s*(?<text>'(?:[^']|'')*')/g);
  const key = new Map(Array.from(parts, ({ groups }) => [groups?.part ?? '', unquoted(groups?.text ?? '')]));
  return text !== '' && key.size === 0 ? undefined : { name, key };
}
