import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { gzipPart, joinGzipParts } from '../../../services/shared/gzip-parts.ts';

test.each([
  ['no parts', []],
  ['one part', ['a']],
  ['empty parts', ['', 'a', '', '', 'b', '']],
  ['the same part repeatedly', [',', ',', ',']],
  ['parts of any length', Array.from({ length: 40 }, (_, length) => 'x'.repeat(length * length))],
  ['a part larger than the deflate window', [randomBytes(100_000).toString('hex'), 'end']],
  ['characters outside ASCII', ['ü', '🦝', '\0']],
])('separately compressed parts are joined into one gzip stream: %s', async (_, texts) => {
  const parts = await Promise.all(texts.map((text) => gzipPart(Buffer.from(text))));
  expect(gunzipSync(joinGzipParts(parts)).toString()).toBe(texts.join(''));
  expect(gunzipSync(joinGzipParts([...parts, ...parts])).toString()).toBe(texts.join('').repeat(2));
});

test('joined parts form a single gzip member with a checksum over all of them', async () => {
  const part = await gzipPart(Buffer.from('text'));
  const joined = joinGzipParts([part, part]);
  const response = new Response(new Uint8Array(joined)).body?.pipeThrough(new DecompressionStream('gzip'));
  expect(await new Response(response).text()).toBe('texttext');
  const wrong = joinGzipParts([part, { ...part, crc: part.crc ^ 1 }]);
  expect(() => gunzipSync(wrong)).toThrow('incorrect data check');
});
