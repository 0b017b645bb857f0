import type { Registry } from '../../registry/context.ts';
import { findHome, outdated, type StorageHome } from '../../registry/maintenance/migrate/storage-home.ts';
import { every } from './repeat.ts';

/** How often the recorded storage locations are checked, in milliseconds. */
const CHECK_EVERY = 10_000;

/**
 * Watches whether another server with the same records has recorded other storage locations. Then this server
 * misses blobs, and others miss the blobs it stores. Calls `onOutdated` once, with the reason.
 */
export function watchHome(
  registry: Registry,
  own: StorageHome,
  onOutdated: (reason: string) => void,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = every(CHECK_EVERY, stopping.signal, registry, async () => {
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
