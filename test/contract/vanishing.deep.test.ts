import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import { describeVanishing } from './vanishing-cases.ts';

describeVanishing('embedded stores', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'packhouse-vanishing-'));
  const stores = await openEmbedded(folder);
  return {
    stores,
    uploads: async () => (await readdir(join(folder, 'uploads'))).length,
    close: () => stores.close().then(() => rm(folder, { recursive: true })),
  };
});
