import sax, { type QualifiedAttribute, type QualifiedTag } from 'sax';

/** Thrown when a text is no XML, or breaks a limit; the message says which. */
export class UnreadableXml extends Error {
  override readonly name = 'UnreadableXml';
}

/** An element. Names are local: without their prefix. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly in the element, white space around it removed. */
  readonly text: string;
}

const MAX_DEPTH = 100;
const MAX_ELEMENTS = 100_000;

/** The types of sax know nothing of `strictEntities`: XML's own entities alone, none of HTML's. */
const options = { xmlns: true, strictEntities: true };

/**
 * Reads an XML document into its root element. Document types are refused, so that no entity but XML's own five is
 * ever resolved and nothing is fetched. The encoding is that of the byte order mark, of the declaration, or UTF-8.
 * @throws UnreadableXml
 */
export function readXml(bytes: Uint8Array): XmlElement {
  const open: MutableElement[] = [];
  let root: MutableElement | undefined;
  let count = 0;
  const reader = sax.parser(true, options);
  reader.onerror = (error) => {
    throw new UnreadableXml(`it is not well-formed XML (${error.message.replaceAll('\n', ', ')})`);
  };
  reader.ondoctype = () => {
    throw new UnreadableXml('it has a document type declaration, which is not read');
  };
  reader.onopentag = (tag) => {
    if (++count > MAX_ELEMENTS) throw new UnreadableXml(`it has more than ${MAX_ELEMENTS} elements`);
    if (open.length >= MAX_DEPTH) throw new UnreadableXml(`it is nested more than ${MAX_DEPTH} deep`);
    if (root && open.length === 0) throw new UnreadableXml('it has more than one root element');
    const element = elementOf(tag as QualifiedTag);
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  };
  const addText = (text: string) => open.at(-1)?.parts.push(text);
  reader.ontext = addText;
  reader.oncdata = addText;
  reader.onclosetag = () => {
    const element = open.pop();
    if (element) element.text = element.parts.join('').trim();
  };
  reader.write(decode(bytes)).close();
  if (!root) throw new UnreadableXml('it has no element');
  return root;
}

/** The first child of a name. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}

/** The children of a name. */
export function childrenOf(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** The text of the first child of a name; undefined when there is none or it is empty. */
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

function elementOf(tag: QualifiedTag): MutableElement {
  const attributes = Object.values(tag.attributes as Record<string, QualifiedAttribute>)
    .filter(({ prefix, name }) => prefix !== 'xmlns' && name !== 'xmlns')
    .map(({ local, value }): [string, string] => [local, value]);
  return { name: tag.local, attributes: new Map(attributes), children: [], parts: [], text: '' };
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
  // Who declares UTF-16 and yet could be read so far has written it in one byte a character.
  return declared === undefined || /^utf-?16/i.test(declared) ? 'utf-8' : declared.toLowerCase();
}
