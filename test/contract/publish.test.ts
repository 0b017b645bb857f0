import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import { describeAddingFiles } from './add-files-cases.ts';
import { describePublishing, type OpenedStores } from './publish-cases.ts';
import { describeRacingDeletes } from './racing-deletes-cases.ts';
import { describeRemoval } from './removal-cases.ts';

const memory = async (): Promise<OpenedStores> => ({ stores: {}, close: async () => {} });

async function embedded(): Promise<OpenedStores> {
  const folder = await mkdtemp(join(tmpdir(), 'packhouse-publish-'));
  const stores = await openEmbedded(folder);
  return { stores, close: () => stores.close().then(() => rm(folder, { recursive: true })) };
}

for (const describeOn of [describePublishing, describeAddingFiles, describeRacingDeletes, describeRemoval]) {
  describeOn('memory stores', memory);
  describeOn('embedded stores', embedded);
}
