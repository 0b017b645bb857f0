import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import { describeChecks } from './check-cases.ts';
import type { OpenedStores } from './publish-cases.ts';
import { describeSweeping } from './sweep-cases.ts';

const memory = async (): Promise<OpenedStores> => ({ stores: {}, close: async () => {} });

async function embedded(): Promise<OpenedStores> {
  const folder = await mkdtemp(join(tmpdir(), 'packhouse-storage-'));
  const stores = await openEmbedded(folder);
  return { stores, close: () => stores.close().then(() => rm(folder, { recursive: true })) };
}

describeSweeping('memory stores', memory, 1200);
describeSweeping('embedded stores', embedded, 600);
describeChecks('memory stores', memory);
describeChecks('embedded stores', embedded);
