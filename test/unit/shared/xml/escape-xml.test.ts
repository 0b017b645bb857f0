import { describe, expect, test } from 'vitest';
import { escapeXml } from '../../../../services/shared/xml/escape-xml.ts';
import { readXml } from '../../../../services/shared/xml/read-xml.ts';

describe('texts in XML', () => {
  test.for(['', 'plain', `<a href="x" b='y'>&amp;</a>]]>`, 'tab\tline\nreturn\r', 'é 漢 😀', '\u{10ffff}'])(
    '%j comes back as it was',
    (text) => {
      const root = readXml(Buffer.from(`<a b="${escapeXml(text)}">.${escapeXml(text)}.</a>`));
      expect(root.text).toBe(`.${text}.`);
      if (!/[\t\n]/.test(text)) expect(root.attributes.get('b')).toBe(text);
    },
  );

  test('lose what XML can not hold', () => {
    expect(escapeXml('a\u0000b\u001bc\ufffed\ud800e')).toBe('a\ufffdb\ufffdc\ufffdd\ufffde');
  });
});
