import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';
import type { OpenedStores } from './publish-cases.ts';

/** Stores in memory, which the app under test makes itself. */
export async function openMemoryStores(): Promise<OpenedStores> {
  return { stores: {}, close: async () => {} };
}

/** SQLite and files in a new directory, which `close` removes. */
export async function openEmbeddedStores(): Promise<OpenedStores> {
  const directory = await mkdtemp(join(tmpdir(), 'packhouse-stores-'));
  const stores = await openEmbedded(directory);
  return { stores, close: () => stores.close().then(() => rm(directory, { recursive: true })) };
}
