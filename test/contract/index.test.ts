import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import { describeIndexes } from './index-cases.ts';

describeIndexes('memory stores', async () => ({ stores: {}, close: async () => {} }));

describeIndexes('embedded stores', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'packhouse-index-'));
  const stores = await openEmbedded(folder);
  return { stores, close: () => stores.close().then(() => rm(folder, { recursive: true })) };
});
