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

/** Reads the last segment of an OData address, decoded; undefined when it is neither a call nor a set. */
export function parseCall(segment: string): ODataCall | undefined {
  const { name, key = '' } = /^(?<name>[A-Za-z]+)(?:\((?<key>.*)\))?$/s.exec(segment)?.groups ?? {};
  if (name === undefined) return undefined;
  const parts = key.matchAll(/(?<part>[A-Za-z]+)\s*=\s*(?<text>'(?:[^']|'')*')/g);
  return {
    name,
    key: new Map(Array.from(parts, ({ groups }) => [groups?.part ?? '', unquoted(groups?.text ?? '')])),
  };
}
