import sax from 'sax';
import { isXmlText } from './escape-xml.ts';
import { attributeName, Namespaces, qualifiedName } from './namespaces.ts';

/** A text is not XML, or exceeds a limit; the message says which. */
export class UnreadableXml extends Error {
  override readonly name = 'UnreadableXml';
}

/** An element. Names are local names, without prefix. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly in the element, trimmed. */
  readonly text: string;
}

const MAX_DEPTH = 100;
const MAX_ELEMENTS = 100_000;
const MAX_ATTRIBUTES = 200;

/** The maximum number of attributes in a document for each element that it may have. */
const ATTRIBUTES_PER_ELEMENT = 4;

/**
 * sax's types lack `strictEntities`: only XML's own entities, not HTML's. With `xmlns`, sax would report
 * attributes only at the end of their tag, and look up each one in a list of all previous ones.
 */
const options = { xmlns: false, strictEntities: true };

/** Limits on a document. */
export interface XmlLimits {
  /** The maximum number of elements; 100,000 by default. */
  readonly elements?: number;
}

/**
 * Parses an XML document and returns its root element. Reading stops at the first limit that is exceeded. Document types are rejected, so that only XML's five
 * predefined entities are resolved and nothing is fetched. The encoding is that of the byte order mark or the
 * declaration, or UTF-8.
 * @throws UnreadableXml
 */
export function readXml(bytes: Uint8Array, { elements = MAX_ELEMENTS }: XmlLimits = {}): XmlElement {
  const open: MutableElement[] = [];
  let root: MutableElement | undefined;
  let count = 0;
  const namespaces = new Namespaces();
  let attributes = new Map<string, string>();
  let attributeCount = 0;
  let allAttributes = 0;
  const reader = sax.parser(true, options);
  reader.onerror = (error) => {
    throw malformed(error.message.replaceAll('\n', ', '));
  };
  reader.ondoctype = () => {
    throw new UnreadableXml('it has a document type declaration, which is not read');
  };
  reader.onopentagstart = () => {
    attributes = new Map();
    attributeCount = 0;
  };
  reader.onattribute = ({ name, value }) => {
    if (++attributeCount > MAX_ATTRIBUTES) {
      throw new UnreadableXml(`it has an element with more than ${MAX_ATTRIBUTES} attributes`);
    }
    if (++allAttributes > elements * ATTRIBUTES_PER_ELEMENT) {
      throw new UnreadableXml(`it has more than ${elements * ATTRIBUTES_PER_ELEMENT} attributes`);
    }
    requireXmlText(value);
    if (!attributes.has(name)) attributes.set(name, value);
    // Otherwise an attribute named `hasOwnProperty` would replace the method that sax calls.
    delete reader.tag.attributes[name];
  };
  reader.onopentag = ({ name }) => {
    if (++count > elements) throw new UnreadableXml(`it has more than ${elements} elements`);
    if (open.length >= MAX_DEPTH) throw new UnreadableXml(`it is nested more than ${MAX_DEPTH} deep`);
    if (root && open.length === 0) throw new UnreadableXml('it has more than one root element');
    const wrong = namespaces.enter(name, attributes);
    if (wrong !== undefined) throw malformed(wrong);
    const element = elementOf(name, attributes);
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  };
  const addText = (text: string) => {
    requireXmlText(text);
    open.at(-1)?.parts.push(text);
  };
  reader.ontext = addText;
  reader.oncdata = addText;
  reader.onclosetag = () => {
    namespaces.leave();
    const element = open.pop();
    if (element) element.text = element.parts.join('').trim();
  };
  reader.write(decode(bytes)).close();
  if (!root) throw new UnreadableXml('it has no element');
  return root;
}

/** The first child with this name. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

/** The children with this name. */
export function childrenOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** The text of the first child with this name. Undefined if absent or empty. */
export function textOf(element: XmlElement | undefined, name: string): string | undefined {
  return childOf(element, name)?.text || undefined;
}

interface MutableElement {
  readonly name: string;
  readonly attributes: Map<string, string>;
  readonly children: MutableElement[];
  readonly parts: string[];
  text: string;
}

function elementOf(name: string, qualified: ReadonlyMap<string, string>): MutableElement {
  const attributes = [...qualified]
    .map(([each, value]) => ({ ...attributeName(each), value }))
    .filter(({ prefix }) => prefix !== 'xmlns')
    .map(({ local, value }): [string, string] => [local, value]);
  const { local } = qualifiedName(name);
  return { name: local, attributes: new Map(attributes), children: [], parts: [], text: '' };
}

/** Refuses characters that no document may have, also as references: `&#0;`, half a surrogate pair. */
function requireXmlText(text: string): void {
  if (!isXmlText(text)) throw malformed('a character that XML does not allow');
}

function malformed(why: string): UnreadableXml {
  return new UnreadableXml(`it is not well-formed XML (${why})`);
}

function decode(bytes: Uint8Array): string {
  const encoding = encodingOf(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableXml(`it is not text in ${encoding}`);
  }
}

function encodingOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const start = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  const declared = /^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["']/.exec(start)?.[1];
  // A document that declares UTF-16 but could be read up to here uses a single-byte encoding.
  return declared === undefined || /^utf-?16/i.test(declared) ? 'utf-8' : declared.toLowerCase();
}
