import type { Registry } from '../../registry/context.ts';
import { countDownloads } from '../../registry/downloads/count-downloads.ts';
import type { PendingDownloads } from '../../registry/downloads/download-counter.ts';
import { every } from './repeat.ts';

/** How often counts held in memory are written, in milliseconds. A crash loses at most this much. */
const FLUSH_EVERY = 30_000;

/** Runs `flush` periodically, and once more when stopped, after the last request has finished. */
export function startFlushing(registry: Registry, flush: () => Promise<void>): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = every(FLUSH_EVERY, stopping.signal, registry, flush);
  return {
    async stop() {
      stopping.abort();
      await running;
      try {
        await flush();
      } catch (error) {
        registry.log.error('counts not written', { error });
      }
    },
  };
}

/** Writes all counted downloads. Counts that can't be written are kept for the next flush. */
export async function flushDownloads(registry: Registry, pending: PendingDownloads): Promise<void> {
  const dropped = pending.dropped();
  if (dropped > 0) registry.log.error('downloads not counted', { downloads: dropped });
  for (let batch = pending.next(); batch; batch = pending.next()) {
    await countDownloads(registry, batch);
    pending.written();
  }
}
