import type { Registry } from '../../registry/context.ts';
import { countDownloads } from '../../registry/downloads/count-downloads.ts';
import type { PendingDownloads } from '../../registry/downloads/download-counter.ts';
import { every } from './repeat.ts';

/** How often downloads that were counted in memory are written, in milliseconds: as much is lost by a crash. */
const FLUSH_EVERY = 30_000;

/** Writes what was counted now and again, and at last when it is stopped, once nothing is downloaded any more. */
export function startFlushing(registry: Registry, pending: PendingDownloads): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = every(FLUSH_EVERY, stopping.signal, registry, () => flushDownloads(registry, pending));
  return {
    async stop() {
      stopping.abort();
      await running;
      try {
        await flushDownloads(registry, pending);
      } catch (error) {
        registry.log.error('downloads not counted', { error });
      }
    },
  };
}

/** Writes all downloads that were counted. What can't be written stays, to be written by the next flush. */
export async function flushDownloads(registry: Registry, pending: PendingDownloads): Promise<void> {
  const dropped = pending.dropped();
  if (dropped > 0) registry.log.error('downloads not counted', { downloads: dropped });
  for (let batch = pending.next(); batch; batch = pending.next()) {
    await countDownloads(registry, batch);
    pending.written();
  }
}
