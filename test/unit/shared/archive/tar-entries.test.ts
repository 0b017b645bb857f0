import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { tarEntries } from '../../../../services/shared/archive/tar-entries.ts';
import { tarballOf, tarOf } from '../../../kit/npm-package.ts';

const limits = { entries: 100, unpacked: 1 << 20, ratio: 100 };

async function* inChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 1000) yield bytes.subarray(at, at + 1000);
}

async function list(bytes: Uint8Array, allowed = limits) {
  const found: [string, string, number, string][] = [];
  for await (const entry of tarEntries(inChunks(bytes), allowed)) {
    const head = entry.path.endsWith('skip') ? '' : (await entry.head(4)).toString();
    found.push([entry.path, entry.type, entry.size, head]);
  }
  return found;
}

describe('gzipped tar archives', () => {
  test('list each entry with its type, size and first bytes, whether its content is read or not', async () => {
    const tar = await tarOf([
      [{ name: 'a/', type: 'directory' }, ''],
      [{ name: 'a/one' }, 'first file'],
      [{ name: 'a/skip' }, 'x'.repeat(5000)],
      [{ name: 'a/link', type: 'symlink', linkname: 'one' }, ''],
      [{ name: `a/${'long/'.repeat(60)}name` }, 'ok'],
    ]);
    expect(await list(gzipSync(tar))).toEqual([
      ['a/', 'directory', 0, ''],
      ['a/one', 'file', 10, 'firs'],
      ['a/skip', 'file', 5000, ''],
      ['a/link', 'other', 0, ''],
      [`a/${'long/'.repeat(60)}name`, 'file', 2, 'ok'],
    ]);
  });

  test('are rejected when they exceed a limit, and the error names the limit', async () => {
    const many = await tarballOf(
      Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`a/${index}`, ''])),
    );
    await expect(list(many)).rejects.toThrow('it has more than 100 entries');
    const large = await tarballOf({ 'a/zeros': Buffer.alloc(2 << 20) });
    await expect(list(large)).rejects.toThrow('it unpacks to more than 1048576 bytes');
    const bomb = await tarballOf({ 'a/zeros': Buffer.alloc(80 << 20) });
    await expect(list(bomb, { ...limits, unpacked: 1 << 30 })).rejects.toThrow(
      'more than 100 times its size',
    );
  });

  test('are rejected when they are damaged', async () => {
    const good = await tarballOf({ 'a/one': 'x'.repeat(3000) });
    const damaged = [
      Buffer.from('no archive at all'),
      Buffer.alloc(0),
      good.subarray(0, good.byteLength - 20),
      gzipSync(Buffer.from('gzip but not tar'.repeat(100))),
      gzipSync((await tarOf([[{ name: 'a' }, 'x'.repeat(2000)]])).subarray(0, 1000)),
    ];
    for (const bytes of damaged) {
      await expect(list(bytes)).rejects.toMatchObject({ name: 'UnreadableArchive' });
    }
  });

  test('pass on an error of the source unchanged', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.from([0x1f, 0x8b]);
      throw new Error('the upload ended');
    }
    const reading = async () => {
      for await (const entry of tarEntries(failing(), limits)) expect(entry).toBeUndefined();
    };
    await expect(reading()).rejects.toThrow('the upload ended');
  });
});
