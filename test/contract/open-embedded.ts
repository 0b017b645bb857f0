import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '../../services/adapters/embedded/open-embedded.ts';

/** Opens embedded stores in a new directory, which `close` removes. */
export async function openInFolder(cacheBytes: number) {
  const directory = await mkdtemp(join(tmpdir(), 'packhouse-'));
  const opened = await openEmbedded(directory, { cacheBytes });
  async function close(): Promise<void> {
    await opened.close();
    await rm(directory, { recursive: true });
  }
  return { ...opened, close };
}
