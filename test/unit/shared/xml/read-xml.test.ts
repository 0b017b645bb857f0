import { describe, expect, test } from 'vitest';
import {
  childOf,
  childrenOf,
  readXml,
  textOf,
  UnreadableXml,
} from '../../../../services/shared/xml/read-xml.ts';

const read = (text: string) => readXml(Buffer.from(text));

describe('XML', () => {
  test('elements, attributes and text, without prefixes and namespaces', () => {
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
  ])('is read in %s', (_, bytes) => expect(readXml(bytes).text).toBe('é'));

  const bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>';
  test.each([
    ['nothing', '', /no element/],
    ['text', 'hello', /not well-formed/],
    ['an open element', '<a><b></a>', /not well-formed/],
    ['two roots', '<a/><b/>', /more than one root/],
    ['a document type', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', /document type/],
    ['entities of its own', bomb, /document type/],
    ['an unknown entity', '<a>&nbsp;</a>', /not well-formed/],
    ['a prefix that is not declared', '<p:a/>', /not well-formed/],
    ['101 levels', '<a>'.repeat(101) + '</a>'.repeat(101), /nested more than 100/],
    ['too many elements', `<a>${'<b/>'.repeat(100_000)}</a>`, /more than 100000 elements/],
    ['an unknown encoding', '<?xml version="1.0" encoding="klingon"?><a/>', /not text in klingon/],
  ])('%s is refused', (_, text, why) => {
    expect(() => read(text)).toThrow(UnreadableXml);
    expect(() => read(text)).toThrow(why);
  });

  test('bytes that are not of the encoding are refused', () => {
    expect(() => readXml(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]))).toThrow(
      /not text in utf-8/,
    );
  });

  test('a hundred levels and long texts are read', () => {
    const text = 'x'.repeat(1_000_000);
    let element = read(`${'<a>'.repeat(100)}${text}${'</a>'.repeat(100)}`);
    for (let depth = 1; depth < 100; depth++) element = childOf(element, 'a') ?? element;
    expect(element.text).toBe(text);
  });
});
