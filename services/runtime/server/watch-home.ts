import type { Registry } from '../../registry/context.ts';
import { findHome, outdated, type StorageHome } from '../../registry/maintenance/migrate/storage-home.ts';
import { every } from './repeat.ts';

/** How often the record is looked at, in milliseconds. */
const LOOK_EVERY = 10_000;

/**
 * Watches whether another server, which works with the same records, has put other places of blobs on record than this
 * one's. Then this one misses blobs, and those it stores will be missed: `onOutdated` is told why, once.
 */
export function watchHome(
  registry: Registry,
  own: StorageHome,
  onOutdated: (reason: string) => void,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = every(LOOK_EVERY, stopping.signal, registry, async () => {
    const reason = outdated(await findHome(registry.table), own);
    if (reason === undefined) return;
    stopping.abort();
    onOutdated(reason);
  });
  return {
    stop() {
      stopping.abort();
      return running;
    },
  };
}
