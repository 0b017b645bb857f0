import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { gzipPart, joinGzipParts } from '../../../services/shared/gzip-parts.ts';

test.each([
  ['nothing', []],
  ['one part', ['a']],
  ['empty parts', ['', 'a', '', '', 'b', '']],
  ['the same part again', [',', ',', ',']],
  ['parts of any length', Array.from({ length: 40 }, (_, length) => 'x'.repeat(length * length))],
  ['more bytes than a window of deflate has', [randomBytes(100_000).toString('hex'), 'end']],
  ['other characters', ['ü', '🦝', '\0']],
])('parts that were compressed apart are one gzip stream: %s', async (_, texts) => {
  const parts = await Promise.all(texts.map((text) => gzipPart(Buffer.from(text))));
  expect(gunzipSync(joinGzipParts(parts)).toString()).toBe(texts.join(''));
  expect(gunzipSync(joinGzipParts([...parts, ...parts])).toString()).toBe(texts.join('').repeat(2));
});

test('a stream of joined parts is one member, which ends with it', async () => {
  const part = await gzipPart(Buffer.from('text'));
  const joined = joinGzipParts([part, part]);
  const response = new Response(new Uint8Array(joined)).body?.pipeThrough(new DecompressionStream('gzip'));
  expect(await new Response(response).text()).toBe('texttext');
  const wrong = joinGzipParts([part, { ...part, crc: part.crc ^ 1 }]);
  expect(() => gunzipSync(wrong)).toThrow('incorrect data check');
});
