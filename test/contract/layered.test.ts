import { describe, expect, test } from 'vitest';
import { layeredBlobStore } from '../../services/adapters/layered/layered-blob-store.ts';
import { memoryBlobStore } from '../../services/adapters/memory/memory-blob-store.ts';
import type { BlobStore } from '../../services/ports/blob-store.ts';
import { bytesOf, listAll } from '../kit/publish.ts';
import { describeBlobStore } from './blob-store-contract.ts';

describeBlobStore('a layered store', async () => ({
  blobs: layeredBlobStore(memoryBlobStore(), memoryBlobStore()),
  close: async () => {},
}));

describeBlobStore('a layered store with blobs in both layers', async () => {
  const [next, former] = [memoryBlobStore(), memoryBlobStore()];
  let puts = 0;
  const put: BlobStore['put'] = (key, body) => (puts++ % 2 === 0 ? next : former).put(key, body);
  return { blobs: { ...layeredBlobStore(next, former), put }, close: async () => {} };
});

describe('a layered store', () => {
  const key = (number: number) => `blobs/${String(number).padStart(5, '0')}`;

  test('writes only to the new store', async () => {
    const [next, former] = [memoryBlobStore(), memoryBlobStore()];
    await layeredBlobStore(next, former).put(key(1), bytesOf('bytes'));
    expect([await next.head(key(1)), await former.head(key(1))]).toMatchObject([{ size: 5 }, undefined]);
  });

  test('deletes from both stores', async () => {
    const [next, former] = [memoryBlobStore(), memoryBlobStore()];
    for (const store of [next, former]) await store.put(key(1), bytesOf('bytes'));
    await layeredBlobStore(next, former).delete([key(1)]);
    expect([await next.head(key(1)), await former.head(key(1))]).toEqual([undefined, undefined]);
  });

  test('lists the blobs of both stores once each and in order, over many pages', async () => {
    const [next, former] = [memoryBlobStore(), memoryBlobStore()];
    const all = Array.from({ length: 4500 }, (_, number) => number);
    for (const number of all) {
      if (number % 3 !== 0 || number > 4000) await next.put(key(number), bytesOf('new'));
      if (number % 3 !== 1 && number < 4400) await former.put(key(number), bytesOf('former'));
    }
    const listed = await listAll(layeredBlobStore(next, former));
    expect(listed.map((info) => info.key)).toEqual(all.map(key));
    expect(listed[2]?.size).toBe('new'.length);
  });

  test('links to the store that has the blob', async () => {
    const linking = (name: string): BlobStore => ({
      ...memoryBlobStore(),
      link: async (linked) => `${name}:${linked}`,
    });
    const [next, former] = [linking('next'), linking('former')];
    const layered = layeredBlobStore(next, former);
    await former.put(key(1), bytesOf('bytes'));
    expect(await layered.link(key(1), { method: 'GET', lifetime: 60 })).toBe(`former:${key(1)}`);
    await next.put(key(1), bytesOf('bytes'));
    expect(await layered.link(key(1), { method: 'GET', lifetime: 60 })).toBe(`next:${key(1)}`);
  });
});
