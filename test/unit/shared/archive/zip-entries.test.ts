import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { UnreadableArchive } from '../../../../services/shared/archive/tar-entries.ts';
import { type RandomAccess, zipEntries } from '../../../../services/shared/archive/zip-entries.ts';
import { zip } from '../../../kit/zip.ts';

function access(bytes: Uint8Array): RandomAccess & { readonly reads: number[] } {
  const reads: number[] = [];
  return {
    size: bytes.byteLength,
    reads,
    async read(start, end) {
      reads.push(end - start);
      return bytes.subarray(start, end);
    },
  };
}

async function readAll(source: RandomAccess, { entries = 100, limit = 1e6 } = {}) {
  const found: [string, string][] = [];
  for await (const entry of zipEntries(source, { entries })) {
    found.push([entry.path, (await entry.bytes(limit)).toString('latin1')]);
  }
  return found;
}

describe('zip archives', () => {
  test('list compressed and stored files in the order of the directory, without folders', async () => {
    const archive = zip([
      { path: 'b/é.txt', content: 'second' },
      { path: 'b/', content: '' },
      { path: 'a.txt', content: 'first', stored: true },
      { path: 'empty', content: '' },
    ]);
    expect(await readAll(access(archive))).toEqual([
      ['b/é.txt', 'second'],
      ['a.txt', 'first'],
      ['empty', ''],
    ]);
  });

  test('are read only in part: the directory and the requested entry', async () => {
    const source = access(
      zip([
        { path: 'large', content: randomBytes(20_000_000), stored: true },
        ...Array.from({ length: 1000 }, (_, index) => ({ path: `small/${index}`, content: `${index}` })),
      ]),
    );
    let text = '';
    for await (const entry of zipEntries(source, { entries: 2000 })) {
      if (entry.path === 'small/999') text = (await entry.bytes(10)).toString();
    }
    expect(text).toBe('999');
    expect(source.reads.length).toBeLessThanOrEqual(3);
    expect(source.reads.reduce((sum, size) => sum + size)).toBeLessThan(800_000);
  });

  test('return the complete content of an entry that spans several blocks', async () => {
    const content = randomBytes(1_000_000).toString('latin1');
    const archive = zip([{ path: 'a', content: Buffer.from(content, 'latin1') }]);
    expect(await readAll(access(archive))).toEqual([['a', content]]);
  });

  const good = zip([{ path: 'a', content: 'x'.repeat(1000) }]);
  const damaged = new Uint8Array(good);
  damaged.fill(0xff, 32, 40);
  test.each([
    ['an empty file', new Uint8Array(), /not a whole zip archive/],
    ['a file that is not a zip', Buffer.from('hello'.repeat(100)), /not a whole zip archive/],
    ['a truncated zip', good.subarray(0, good.byteLength - 10), /not a whole zip archive/],
    ['the end of a zip without its start', good.subarray(30), /it ends early/],
    ['damaged data', damaged, /damaged|not a whole zip archive/],
    [
      'a path outside the archive',
      zip([{ path: '../a', content: '' }]),
      /not a whole zip archive.*relative path/,
    ],
    ['an absolute path', zip([{ path: '/a', content: '' }]), /not a whole zip archive.*absolute path/],
    ['an encrypted entry', zip([{ path: 'a', content: 'x', flags: 1 }]), /encrypted/],
    ['a zip bomb', zip([{ path: 'a', content: 'x'.repeat(2_000_000) }]), /more than 1000000 bytes/],
    [
      'a zip bomb that claims to be small',
      zip([{ path: 'a', content: 'x'.repeat(2_000_000), statedSize: 10 }]),
      /too many bytes/,
    ],
    [
      'too many entries',
      zip(Array.from({ length: 101 }, (_, index) => ({ path: `${index}`, content: '' }))),
      /more than 100 entries/,
    ],
  ])('reject %s', async (_, bytes, why) => {
    const reading = readAll(access(bytes));
    await expect(reading).rejects.toBeInstanceOf(UnreadableArchive);
    await expect(reading).rejects.toThrow(why);
  });

  test('pass on an error of the source, not as an unreadable archive', async () => {
    class Offline extends Error {
      readonly code = 'OFFLINE';
    }
    const source = { size: 1000, read: () => Promise.reject(new Offline('the store is away')) };
    await expect(readAll(source)).rejects.toBeInstanceOf(Offline);
  });
});
