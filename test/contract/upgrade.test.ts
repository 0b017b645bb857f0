import { memoryBlobStore } from '../../services/adapters/memory/memory-blob-store.ts';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import { describeNormalizing } from './normalize-cases.ts';
import { describeUpgrades } from './upgrade-cases.ts';
import { describeOwnerUpgrades } from './upgrade-owner-cases.ts';

// The deep tier runs the first two on a disk.
for (const describeOn of [describeUpgrades, describeOwnerUpgrades, describeNormalizing]) {
  describeOn('memory stores', async () => ({
    stores: { table: memoryTable(), audit: memoryTable(), blobs: memoryBlobStore() },
    close: async () => {},
  }));
}
