/** The parts of a qualified name. */
export interface QualifiedName {
  /** Empty if absent. */
  readonly prefix: string;
  readonly local: string;
}

/** Prefixes with a fixed binding. */
const RESERVED = new Map([
  ['xml', 'http://www.w3.org/XML/1998/namespace'],
  ['xmlns', 'http://www.w3.org/2000/xmlns/'],
]);

/** Splits the name of an element. */
export function qualifiedName(name: string): QualifiedName {
  if (!name.includes(':')) return { prefix: '', local: name };
  const [prefix = '', local = ''] = name.split(':', 2);
  return { prefix, local };
}

/** Splits the name of an attribute; namespace declarations have the prefix `xmlns`. */
export function attributeName(name: string): QualifiedName {
  return name === 'xmlns' ? { prefix: name, local: '' } : qualifiedName(name);
}

/**
 * Tracks the declared prefixes while reading a document (Namespaces in XML 1.0). The cost of an element depends
 * only on its own attributes. Used instead of `sax`'s `xmlns: true`, whose cost grows with every declared prefix,
 * and of `saxes`, which is no longer maintained.
 */
export class Namespaces {
  readonly #bound = new Map([...RESERVED].map(([prefix, uri]) => [prefix, [uri]]));
  /** The prefixes bound by each open element. */
  readonly #open: string[][] = [];

  /** Enters an element. Returns the error in its name or those of its attributes, if any. */
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

  /** Leaves the current element. */
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
