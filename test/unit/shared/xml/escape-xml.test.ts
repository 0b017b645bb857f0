import { describe, expect, test } from 'vitest';
import { escapeXml } from '../../../../services/shared/xml/escape-xml.ts';
import { readXml } from '../../../../services/shared/xml/read-xml.ts';

describe('escaped text in XML', () => {
  test.for(['', 'plain', `<a href="x" b='y'>&amp;</a>]]>`, 'tab\tline\nreturn\r', 'é 漢 😀', '\u{10ffff}'])(
    'is read back unchanged: %j',
    (text) => {
      const root = readXml(Buffer.from(`<a b="${escapeXml(text)}">.${escapeXml(text)}.</a>`));
      expect(root.text).toBe(`.${text}.`);
      if (!/[\t\n]/.test(text)) expect(root.attributes.get('b')).toBe(text);
    },
  );

  test('has a replacement character for each character that XML does not allow', () => {
    expect(escapeXml('a\u0000b\u001bc\ufffed\ud800e')).toBe('a\ufffdb\ufffdc\ufffdd\ufffde');
  });
});
