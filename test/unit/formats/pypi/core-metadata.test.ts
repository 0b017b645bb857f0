import { describe, expect, test } from 'vitest';
import { readCoreMetadata } from '../../../../services/formats/pypi/publish/core-metadata.ts';
import { describeVersion, readmeOf } from '../../../../services/formats/pypi/publish/describe-version.ts';

const head = 'Metadata-Version: 2.1\nName: a\nVersion: 1\n';

function read(text: string | Uint8Array) {
  return readCoreMetadata(Buffer.from(text as string), 'METADATA');
}

describe('core metadata', () => {
  test('has single and repeated fields in any case, followed by the description', () => {
    const metadata = read(
      `${head}requires-python:  >=3.9 \nClassifier: One\nCLASSIFIER: Two\nX-Odd: a: b\n\n# Title\n\nName: none\n`,
    );
    expect(metadata).toMatchObject({ name: 'a', version: '1', requiresPython: '>=3.9' });
    expect(metadata.values('classifier')).toEqual(['One', 'Two']);
    expect(metadata.values('x-odd')).toEqual(['a: b']);
    expect(metadata.values('missing')).toEqual([]);
    expect(metadata.description).toBe('# Title\n\nName: none\n');
  });

  test.each([
    ['Windows line ends', head.replaceAll('\n', '\r\n')],
    ['old Macintosh line ends', head.replaceAll('\n', '\r')],
    ['a byte order mark', `\ufeff${head}`],
  ])('can have %s', (_, text) => {
    expect(read(`${text}`)).toMatchObject({ name: 'a', version: '1', description: '' });
  });

  test('can have continuation lines, and the description in a header', () => {
    const metadata = read(
      `${head}License: line one\n  line two\nDescription: First\n        Second\n        \n       |Third\nSummary: s\n`,
    );
    expect(metadata.values('license')).toEqual(['line one\n  line two']);
    expect(metadata.description).toBe('First\nSecond\n\nThird');
    expect(metadata.values('summary')).toEqual(['s']);
  });

  test('has a limit on the lines of its headers, but not on those of the description', () => {
    expect(() => read(`${head}Description: x\n${' y\n'.repeat(20_000)}`)).toThrow(
      'more than 20000 lines of headers',
    );
    expect(read(`${head}\n${'y\n'.repeat(20_000)}`).description).toHaveLength(40_000);
  });

  test('has lines that end only at line feeds and carriage returns, as in installers', () => {
    const metadata = read(`${head}Summary: a\u2028b\u2029c\u0085d\u000be\rAuthor: f\r more\r\rtext\r`);
    expect(metadata.values('summary')).toEqual(['a\u2028b\u2029c\u0085d\u000be']);
    expect(metadata.values('author')).toEqual(['f\n more']);
    expect(metadata.description).toBe('text\r');
  });

  test('joins the lines of a folded Requires-Python', () => {
    expect(read(`${head}Requires-Python: >=3.9,\n        <4\n`).requiresPython).toBe('>=3.9, <4');
  });

  test('has no more headers after a line that is not a header, as in installers', () => {
    const metadata = read(`${head}no header here\nRequires-Python: <3\n`);
    expect(metadata.requiresPython).toBe('');
    expect(metadata.description).toBe('no header here\nRequires-Python: <3\n');
  });

  test.each([
    ['METADATA has no Name', 'Metadata-Version: 2.1\nVersion: 1\n'],
    ['METADATA has no Version', 'Metadata-Version: 2.1\nName: a\n'],
    ['METADATA has no Metadata-Version', 'Name: a\nVersion: 1\n'],
    ['METADATA has more than one Name', `${head}Name: b\n`],
    ['METADATA has more than one Requires-Python', `${head}Requires-Python: >=3\nRequires-Python: >=2\n`],
    ['Requires-Python in METADATA is ">=3\u0007", which', `${head}Requires-Python: >=3\u0007\n`],
    ['Requires-Python in METADATA is', `${head}Requires-Python: ${'>=3,'.repeat(200)}\n`],
    ['METADATA has no Name', Buffer.from([0, 1, 2, 0xff, 0xfe])],
    ['METADATA has no Name', ''],
  ])('is refused: %s', (message, text) => {
    expect(() => read(text)).toThrow(message);
  });

  test('has replacement characters for invalid UTF-8', () => {
    const metadata = read(Buffer.concat([Buffer.from(`${head}Author: `), Buffer.from([0xe9, 0x0a])]));
    expect(metadata.values('author')).toEqual(['\ufffd']);
  });

  test('can have a header with millions of spaces', () => {
    const spaces = ' '.repeat(3_000_000);
    expect(read(`${head}Summary:${spaces}\u2028x\n`).values('summary')).toEqual(['x']);
    expect(read(`${head}Summary: a${spaces}\u2028${spaces}b\n`).values('summary')[0]).toHaveLength(6_000_003);
  });

  test('can have many headers', () => {
    const metadata = read(`${head}${'Classifier: x\n y\n'.repeat(9_000)}`);
    expect(metadata.values('classifier')).toHaveLength(9_000);
  });
});

describe('the stored metadata of a version', () => {
  test('contains the fields that users look for', () => {
    const text = `${head.replace('Name: a', 'Name: My.Pkg')}Summary: s\nAuthor-email: "A" <a@example.com>\nLicense-Expression: MIT
Project-URL: Source, https://example.com\nRequires-Dist: b>=1\nRequires-Dist: c; extra == "x"\nProvides-Extra: x\n\nreadme`;
    const metadata = read(text);
    expect(describeVersion(metadata, 'root')).toEqual({
      displayName: 'My.Pkg',
      metadataVersion: '2.1',
      summary: 's',
      requiresPython: '',
      keywords: '',
      author: '"A" <a@example.com>',
      license: 'MIT',
      homePage: '',
      descriptionType: '',
      projectUrls: ['Source, https://example.com'],
      classifiers: [],
      requiresDist: ['b>=1', 'c; extra == "x"'],
      extras: ['x'],
      publisher: 'root',
    });
    expect(readmeOf(metadata)).toBe('readme');
  });

  test('fits into a table item, however much is sent', () => {
    const long = 'ü€𝄞'.repeat(3_000);
    const lists = ['Requires-Dist', 'Classifier', 'Project-URL', 'Provides-Extra'];
    const many = lists.map((field) => `${field}: ${long.slice(0, 500)}\n`.repeat(500)).join('');
    const metadata = read(
      `${head}Summary: ${long}\nKeywords: ${long}\nLicense: ${long}\n${many}\n${long.repeat(20)}`,
    );
    expect(Buffer.byteLength(JSON.stringify(describeVersion(metadata, 'root')))).toBeLessThan(300_000);
    expect(Buffer.byteLength(readmeOf(metadata))).toBeLessThan(300_000);
  });
});
