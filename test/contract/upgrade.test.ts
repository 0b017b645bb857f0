import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import { memoryBlobStore } from '../../services/adapters/memory/memory-blob-store.ts';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import { describeNormalizing } from './normalize-cases.ts';
import { describeUpgrades } from './upgrade-cases.ts';
import { describeOwnerUpgrades } from './upgrade-owner-cases.ts';

for (const describeOn of [describeUpgrades, describeOwnerUpgrades]) {
  describeOn('memory stores', async () => ({
    stores: { table: memoryTable(), audit: memoryTable(), blobs: memoryBlobStore() },
    close: async () => {},
  }));

  describeOn('embedded stores', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'packhouse-upgrade-'));
    const stores = await openEmbedded(folder);
    return { stores, close: () => stores.close().then(() => rm(folder, { recursive: true })) };
  });
}

describeNormalizing('memory stores', async () => ({
  stores: { table: memoryTable(), audit: memoryTable(), blobs: memoryBlobStore() },
  close: async () => {},
}));
