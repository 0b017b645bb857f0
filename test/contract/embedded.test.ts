import { describeBlobStore } from './blob-store-contract.ts';
import { openInFolder } from './open-embedded.ts';
import { describeQueue } from './queue-contract.ts';
import { describeTable } from './table-contract.ts';

describeTable('embedded', () => openInFolder(16 * 1024 * 1024));
describeBlobStore('embedded', () => openInFolder(0));
describeQueue('embedded', async (options) => {
  const { queue, close } = await openInFolder(0);
  return { queue: queue('test', options), close };
});
