import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import { describeBlobStore } from './blob-store-contract.ts';
import { describeQueue } from './queue-contract.ts';
import { describeTable } from './table-contract.ts';

async function open(cacheBytes: number) {
  const directory = await mkdtemp(join(tmpdir(), 'packhouse-'));
  const opened = await openEmbedded(directory, { cacheBytes });
  async function close(): Promise<void> {
    await opened.close();
    await rm(directory, { recursive: true });
  }
  return { ...opened, close };
}

describeTable('embedded', () => open(16 * 1024 * 1024));
describeTable('embedded, with a tiny cache', () => open(2000));
describeTable('embedded, as audit table', async () => {
  const { audit, close } = await open(0);
  return { table: audit, close };
});
describeBlobStore('embedded', () => open(0));
describeQueue('embedded', async (options) => {
  const { queue, close } = await open(0);
  return { queue: queue('test', options), close };
});
