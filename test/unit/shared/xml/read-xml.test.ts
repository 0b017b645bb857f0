import { describe, expect, test } from 'vitest';
import {
  childOf,
  childrenOf,
  readXml,
  textOf,
  UnreadableXml,
} from '../../../../services/shared/xml/read-xml.ts';

const read = (text: string) => readXml(Buffer.from(text));

describe('the XML reader', () => {
  test('reads elements, attributes and text, without prefixes and namespaces', () => {
    const root = read(`<?xml version="1.0"?>
      <p:package xmlns:p="urn:p" xmlns="urn:q" minClientVersion="2.12">
        <!-- not read --><p:id> Some.Tool </p:id><tags>a &amp; b<![CDATA[ <c> ]]>&#x41;</tags>
        <group xml:lang="en"/><group/>
      </p:package>`);
    expect(root.name).toBe('package');
    expect([...root.attributes]).toEqual([['minClientVersion', '2.12']]);
    expect([textOf(root, 'id'), textOf(root, 'tags'), textOf(root, 'none')]).toEqual([
      'Some.Tool',
      'a & b <c> A',
      undefined,
    ]);
    expect(childrenOf(root, 'group').map(({ attributes }) => attributes.get('lang'))).toEqual([
      'en',
      undefined,
    ]);
    expect(childOf(childOf(root, 'none'), 'deeper')).toBeUndefined();
  });

  test.each([
    ['UTF-8 with a byte order mark', Buffer.from('\ufeff<a>é</a>')],
    ['UTF-16 LE', Buffer.from('\ufeff<?xml version="1.0" encoding="utf-16"?><a>é</a>', 'utf16le')],
    ['UTF-16 BE', Buffer.from('\ufeff<a>é</a>', 'utf16le').swap16()],
    ['ISO-8859-1', Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>', 'latin1')],
    ['UTF-8 that declares UTF-16', Buffer.from('<?xml version="1.0" encoding="utf-16"?><a>é</a>')],
  ])('reads %s', (_, bytes) => expect(readXml(bytes).text).toBe('é'));

  const bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>';
  test.each([
    ['an empty document', '', /no element/],
    ['plain text', 'hello', /not well-formed/],
    ['an unclosed element', '<a><b></a>', /not well-formed/],
    ['two roots', '<a/><b/>', /more than one root/],
    ['a document type', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', /document type/],
    ['a declaration of entities', bomb, /document type/],
    ['an unknown entity', '<a>&nbsp;</a>', /not well-formed/],
    ['an undeclared prefix of an element', '<p:a/>', /not well-formed/],
    ['an undeclared prefix of an attribute', '<a p:b="1"/>', /Unbound namespace prefix: "p"/],
    [
      'a prefix that is declared in a sibling',
      '<a><b xmlns:p="urn:p"/><p:c/></a>',
      /Unbound namespace prefix/,
    ],
    ['a prefix with an empty declaration', '<a xmlns:p="urn:p"><p:b xmlns:p=""/></a>', /Unbound/],
    [
      'an undeclared prefix that is a property of every object',
      '<constructor:a/>',
      /Unbound namespace prefix: "constructor"/,
    ],
    [
      'a reserved prefix bound to another namespace',
      '<a xmlns:xml="urn:p"/>',
      /xml: prefix must be bound to/,
    ],
    ['101 levels of elements', '<a>'.repeat(101) + '</a>'.repeat(101), /nested more than 100/],
    ['too many elements', `<a>${'<b/>'.repeat(100_000)}</a>`, /more than 100000 elements/],
    ['an unknown encoding', '<?xml version="1.0" encoding="klingon"?><a/>', /not text in klingon/],
  ])('rejects %s', (_, text, why) => {
    expect(() => read(text)).toThrow(UnreadableXml);
    expect(() => read(text)).toThrow(why);
  });

  test.each([
    ['different', (index: number) => ` a${index}="${index}"`],
    ['equal', () => ' a="1"'],
    ['namespace', (index: number) => ` xmlns:a${index}="${index}"`],
  ])('rejects too many %s attributes before it has read the complete tag', (_, attribute) => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => attribute(index)).join('');
    expect(read(`<a${many(200)}/>`).name).toBe('a');
    expect(() => read(`<a${many(201)}/>`)).toThrow(/an element with more than 200 attributes/);
    // A parser that read on to the end of the tag would report that it is unclosed.
    expect(() => read(`<a${many(100_000)} <`)).toThrow(/an element with more than 200 attributes/);
  });

  test('stops at the limit for elements that its caller sets', () => {
    const bytes = Buffer.from('<a><b/><b/><b/> and < more that is not XML');
    expect(() => readXml(bytes, { elements: 3 })).toThrow('more than 3 elements');
    expect(readXml(Buffer.from('<a><b/><b/></a>'), { elements: 3 }).children).toHaveLength(2);
    const many = Buffer.from(`<a>${'<b c="1" d="2" e="3" f="4" g="5"/>'.repeat(2)} and < more`);
    expect(() => readXml(many, { elements: 2 })).toThrow('more than 8 attributes');
  });

  test('applies a namespace declaration to its element and the elements in it, and to no others', () => {
    const root = read(`<a xmlns:p="1"><p:b xmlns:p="2"><p:c p:d="3" d="4" d="5"/></p:b><p:e/></a>`);
    const [b, e] = root.children;
    expect([b?.name, e?.name]).toEqual(['b', 'e']);
    expect([...(childOf(b, 'c')?.attributes ?? [])]).toEqual([['d', '4']]);
  });

  test('reads elements and attributes named like the properties of every object', () => {
    const names = ['hasOwnProperty', '__proto__', 'constructor', 'toString'];
    const attributes = names.map((name) => ` ${name}="1"`).join('');
    const root = read(`<a${attributes} b="2" xmlns:hasOwnProperty="3"><__proto__${attributes}/></a>`);
    expect([...root.attributes.keys()]).toEqual([...names, 'b']);
    expect(root.children[0]?.name).toBe('__proto__');
  });

  test('rejects bytes that are invalid in the encoding', () => {
    expect(() => readXml(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]))).toThrow(
      /not text in utf-8/,
    );
  });

  test.for(['<a>&#0;</a>', '<a>&#xD800;</a>', '<a b="&#1;"/>', '<a>\u0001</a>', '<a b="\uffff"/>'])(
    'rejects characters that XML does not allow: %j',
    (text) => {
      expect(() => readXml(Buffer.from(text))).toThrow('it is not well-formed XML');
    },
  );

  test('reads a hundred levels and long texts', () => {
    const text = 'x'.repeat(1_000_000);
    let element = read(`${'<a>'.repeat(100)}${text}${'</a>'.repeat(100)}`);
    for (let depth = 1; depth < 100; depth++) element = childOf(element, 'a') ?? element;
    expect(element.text).toBe(text);
  });
});
