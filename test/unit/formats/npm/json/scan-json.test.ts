import { describe, expect, test } from 'vitest';
import { scanJson, type TakeString } from '../../../../../services/formats/npm/json/scan-json.ts';

/** The bytes in chunks of `size`. */
async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
}

/** Scans a text in chunks, taking the strings at `a.<name>.data`. */
async function scan(text: string | Uint8Array, size = 1 << 16, limit = 1 << 20) {
  const taken: [string, string][] = [];
  const value = await scanJson(chunked(Buffer.from(text as string), size), {
    limit: () => limit,
    take(path) {
      const [root, name = '', field] = path;
      if (path.length !== 3 || root !== 'a' || field !== 'data') return undefined;
      return async (content) => {
        taken.push([name, await textOf(content)]);
      };
    },
  });
  return { value, taken };
}

const strings = [
  '',
  'aGVsbG8=',
  'quote " backslash \\ slash / tab \t newline \n nul \u0000',
  'Größe, 漢字, 😀 and a lone \\ud800 in text',
  '{"nested": "json \\" text", "more": ["\\u00e4"]}',
];

describe('a streamed JSON document', () => {
  test.each(strings)('yields a taken string completely, from chunks of any size: %j', async (content) => {
    const document = {
      before: { a: { b: { data: 'not this' } }, text: 'a "quoted" one' },
      a: { 'x "y"': { type: 't', data: content, length: 3 } },
      after: [1, 'two', { a: { z: { data: 'nor this' } } }],
    };
    const expected = { ...document, a: { 'x "y"': { type: 't', data: '', length: 3 } } };
    const variants = [JSON.stringify(document), JSON.stringify(document, null, 2), escapedAll(document)];
    for (const text of variants) {
      for (const size of [1, 2, 3, 5, 7, 11, 64, 4096]) {
        const { value, taken } = await scan(text, size);
        expect(taken).toEqual([['x "y"', content]]);
        expect(value).toEqual(expected);
      }
    }
  });

  test('can be split into two chunks at any byte', async () => {
    const text = JSON.stringify({ a: { '😀\\': { data: 'ä\u2028"\\/😀' } }, n: -1.5e3, t: [true, null] });
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.byteLength; cut++) {
      async function* halves() {
        yield bytes.subarray(0, cut);
        yield bytes.subarray(cut);
      }
      let taken = '';
      const value = await scanJson(halves(), {
        limit: () => 1000,
        take: ([root, , field]) =>
          root === 'a' && field === 'data'
            ? async (content) => {
                taken = await textOf(content);
              }
            : undefined,
      });
      expect([cut, taken]).toEqual([cut, 'ä\u2028"\\/😀']);
      expect(value).toEqual({ a: { '😀\\': { data: '' } }, n: -1.5e3, t: [true, null] });
    }
  });

  test('has replacement characters for lone surrogates', async () => {
    const { taken } = await scan('{"a":{"f":{"data":"\\ud83dx\\ude00\\ud83d\\ud83d\\ude00\\ud83d"}}}', 1);
    expect(taken).toEqual([['f', '\ufffdx\ufffd\ufffd😀\ufffd']]);
  });

  test('yields several taken strings in the order of the document', async () => {
    const { taken, value } = await scan('{"a":{"one":{"data":"1"},"two":{"data":"2"}},"b":"3"}');
    expect(taken).toEqual([
      ['one', '1'],
      ['two', '2'],
    ]);
    expect(value).toEqual({ a: { one: { data: '' }, two: { data: '' } }, b: '3' });
  });

  test('is read to its end if the reader of a string leaves it unread', async () => {
    const value = await scanJson(chunked(Buffer.from('{"a":"a long one","b":1}'), 3), {
      limit: () => 100,
      take: ([key]) => (key === 'a' ? async () => {} : undefined),
    });
    expect(value).toEqual({ a: '', b: 1 });
  });

  test('does not count a taken string of 64 MB against its limit', async () => {
    const chunk = Buffer.alloc(1 << 20, 'A');
    async function* body() {
      yield Buffer.from('{"a":{"f":{"data":"');
      for (let index = 0; index < 64; index++) yield chunk;
      yield Buffer.from('"}}}');
    }
    let size = 0;
    const take: TakeString = async (content) => {
      for await (const part of content) size += part.byteLength;
    };
    await scanJson(body(), { limit: () => 100, take: (path) => (path.length === 3 ? take : undefined) });
    expect(size).toBe(64 << 20);
  });

  test.each([
    ['malformed', 'an empty document', ''],
    ['malformed', 'a missing value', '{"a":'],
    ['malformed', 'an unclosed string', '{"a":{"f":{"data":"never ends'],
    ['malformed', 'an unknown escape', '{"a":{"f":{"data":"bad \\x escape"}}}'],
    ['malformed', 'an invalid Unicode escape', '{"a":{"f":{"data":"bad \\u12g4 escape"}}}'],
    ['malformed', 'an unknown escape in a key', '{"bad \\x key": 1}'],
    ['malformed', 'a missing colon', '{"a" 1}'],
    ['malformed', 'a surplus closing brace', '{}}'],
    ['malformed', 'a lone closing bracket', ']'],
    ['malformed', 'plain text', 'not json'],
    ['too-deep', 'nested lists', '['.repeat(1000)],
    ['too-deep', 'nested objects', `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`],
    ['too-large', 'a long string', `"${'x'.repeat(2 << 20)}"`],
    ['too-large', 'a long list', `[${'"",'.repeat(1 << 19)}""]`],
    ['too-large', 'a long key', `{"${'k'.repeat(2 << 20)}":1}`],
  ])('is rejected as %s: %s', async (problem, _case, text) => {
    for (const size of [7, 1 << 16]) {
      await expect(scan(text, size)).rejects.toMatchObject({ name: 'UnreadableJson', problem });
    }
  });

  test('is rejected if it has too many values, before they are created', async () => {
    const options = { limit: () => 1000, values: 8, take: () => undefined };
    const value = { a: [0, '', [], {}], 'b,[{': ',{[' };
    const scanned = (json: unknown) => scanJson(chunked(Buffer.from(JSON.stringify(json)), 3), options);
    expect(await scanned(value)).toEqual(value);
    await expect(scanned({ ...value, c: 1 })).rejects.toThrow('more than 8 values');
    await expect(scanned([value])).rejects.toMatchObject({ problem: 'too-many' });
  });

  test('is rejected if a value at the top level has too many members, and is then read no further', async () => {
    const options = { limit: () => 1 << 20, members: new Map([['tags', 3]]), take: () => undefined };
    const scanned = (json: unknown) => scanJson(chunked(Buffer.from(JSON.stringify(json)), 3), options);
    const few = { other: [1, 2, 3, 4], tags: { a: '1,2', b: [1, 2, 3, 4, 5], c: {} }, more: { d: 1, e: 2 } };
    expect(await scanned(few)).toEqual(few);
    await expect(scanned({ ...few, tags: [1, 2, 3, 4] })).rejects.toThrow('"tags" has more than 3 members');
    let sent = 0;
    async function* endless() {
      yield Buffer.from('{"tags":{');
      for (; sent < 1000; sent++) yield Buffer.from(`"${sent}":"1.0.0",`);
    }
    await expect(scanJson(endless(), options)).rejects.toMatchObject({ problem: 'too-many' });
    expect(sent).toBeLessThan(5);
  });

  test('needs no more buffers for many small strings than their bytes', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const { value } = await scan(`[${'"",'.repeat(900_000)}""]`, 1 << 16, 8 << 20);
    expect((value as string[]).length).toBe(900_001);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
  });

  test('is read no further when the reader of a string fails', async () => {
    let ended = false;
    async function* body() {
      try {
        yield Buffer.from('{"a":"x');
        yield Buffer.from('y"}');
      } finally {
        ended = true;
      }
    }
    const fails: TakeString = async () => {
      throw new Error('no room');
    };
    await expect(scanJson(body(), { limit: () => 100, take: () => fails })).rejects.toThrow('no room');
    expect(ended).toBe(true);
  });
});

/** JSON with every character of every string as a `\u` escape. */
function escapedAll(value: unknown): string {
  return JSON.stringify(value).replaceAll(/"((?:[^"\\]|\\.)*)"/g, (literal) => {
    const text = JSON.parse(literal) as string;
    const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
    return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`;
  });
}
