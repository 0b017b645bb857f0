import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import { describePublishing } from './publish-cases.ts';

describePublishing('memory stores', async () => ({ stores: {}, close: async () => {} }));

describePublishing('embedded stores', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'packhouse-publish-'));
  const stores = await openEmbedded(folder);
  return { stores, close: () => stores.close().then(() => rm(folder, { recursive: true })) };
});
