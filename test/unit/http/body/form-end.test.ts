import { describe, expect, test } from 'vitest';
import { mendFormEnd } from '../../../../services/http/body/form-end.ts';

const boundary = '---------------------------8df47c4d391453e';
const type = `multipart/form-data; boundary=${boundary}`;
const form = (content: string, end: string) =>
  `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n${content}${end}--${boundary}--`;

async function mended(text: string, size: number, contentType = type): Promise<string> {
  async function* chunks() {
    const bytes = Buffer.from(text, 'latin1');
    for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
  }
  const parts: Uint8Array[] = [];
  for await (const part of mendFormEnd(chunks(), contentType)) parts.push(part);
  return Buffer.concat(parts).toString('latin1');
}

describe.for([1, 7, 50, 52, 53, 64, 1000])('a form in chunks of %i bytes', (size) => {
  test.for(['', 'x', 'bytes\n', `a\n--${boundary}\nb`, 'long '.repeat(100)])(
    'gets the missing carriage return before its last boundary: %j',
    async (content) => {
      expect(await mended(form(content, '\n'), size)).toBe(form(content, '\r\n'));
    },
  );

  test.for(['\r\n', ' '])(
    'is unchanged if its content ends with %j, even with line ends after the form',
    async (end) => {
      for (const after of ['', '\r\n', '\r\n\r\n']) {
        const text = form('bytes', end) + after;
        expect(await mended(text, size)).toBe(text);
      }
    },
  );

  test('is unchanged if it is empty or no boundary is given', async () => {
    expect(await mended(form('bytes', '\n'), size, 'multipart/form-data')).toBe(form('bytes', '\n'));
    expect(await mended('', size)).toBe('');
  });
});
