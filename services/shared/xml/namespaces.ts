/** The parts of a name: before its colon, and between that and the next. */
export interface QualifiedName {
  /** Empty when there is none. */
  readonly prefix: string;
  readonly local: string;
}

/** Prefixes that are bound from the start, and to nothing else. */
const RESERVED = new Map([
  ['xml', 'http://www.w3.org/XML/1998/namespace'],
  ['xmlns', 'http://www.w3.org/2000/xmlns/'],
]);

/** The parts of the name of an element. */
export function qualifiedName(name: string): QualifiedName {
  if (!name.includes(':')) return { prefix: '', local: name };
  const [prefix = '', local = ''] = name.split(':', 2);
  return { prefix, local };
}

/** The parts of the name of an attribute; one that declares a namespace has the prefix `xmlns`. */
export function attributeName(name: string): QualifiedName {
  return name === 'xmlns' ? { prefix: name, local: '' } : qualifiedName(name);
}

/**
 * The prefixes that are bound where a reader is in a document (Namespaces in XML 1.0). What an element costs depends on
 * its own attributes alone, however many are bound around it. Better here than `sax`'s own `xmlns: true`, whose cost grows
 * with every binding around, and than `saxes`, whose author has stopped working on it.
 */
export class Namespaces {
  readonly #bound = new Map([...RESERVED].map(([prefix, uri]) => [prefix, [uri]]));
  /** What each open element has bound. */
  readonly #open: string[][] = [];

  /** Goes into an element. Answers what is wrong with the names of it and of its attributes, if something is. */
  enter(element: string, attributes: ReadonlyMap<string, string>): string | undefined {
    const names = [...attributes.keys()].map(attributeName);
    const declared = [...attributes].flatMap(([name, uri]) => {
      const { prefix, local } = attributeName(name);
      return prefix === 'xmlns' ? [[local, uri] as const] : [];
    });
    for (const [prefix, uri] of declared) {
      const only = RESERVED.get(prefix);
      if (only !== undefined && only !== uri) return `${prefix}: prefix must be bound to ${only}`;
      this.#bind(prefix, uri);
    }
    this.#open.push(declared.map(([prefix]) => prefix));
    const unbound = [qualifiedName(element), ...names].find(({ prefix }) => prefix && !this.#uriOf(prefix));
    return unbound && `Unbound namespace prefix: ${JSON.stringify(unbound.prefix)}`;
  }

  /** Goes out of the element that was entered last. */
  leave(): void {
    for (const prefix of this.#open.pop() ?? []) this.#bound.get(prefix)?.pop();
  }

  #bind(prefix: string, uri: string): void {
    const uris = this.#bound.get(prefix) ?? [];
    uris.push(uri);
    this.#bound.set(prefix, uris);
  }

  #uriOf(prefix: string): string | undefined {
    return this.#bound.get(prefix)?.at(-1);
  }
}
