import type { RegistryEvent } from '../../domain/events.ts';
import { cleanUpAfter } from '../../jobs/clean-up.ts';
import { recordAudit } from '../../jobs/record-audit.ts';
import { sweep } from '../../jobs/sweep.ts';
import type { Queue, QueueOptions } from '../../ports/queue.ts';
import type { Registry } from '../../registry/context.ts';
import { EVENT_SHARDS, eventOf } from '../../registry/events/record-event.ts';
import { ranges } from '../../registry/records/keys.ts';
import { every } from './repeat.ts';

/** How often the outbox is looked at, and how often the blob store is swept, in milliseconds. */
const DISPATCH_EVERY = 1_000;
const SWEEP_EVERY = 3_600_000;

/** How long a queue that has failed is left alone, in milliseconds. */
const CONSUME_AGAIN = 1_000;

type Handler = (registry: Registry, event: RegistryEvent, signal: AbortSignal) => Promise<void>;

const handlers: Readonly<Record<string, Handler>> = { audit: recordAudit, cleanup: cleanUpAfter };

/** The jobs of a single machine: events from the outbox to the queues, the queues to their handlers, and the sweep. */
export function startJobs(
  registry: Registry,
  openQueue: (name: string, options: QueueOptions) => Queue,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const queues = Object.keys(handlers).map((name) =>
    openQueue(name, { retryAfter: 30_000, maxAttempts: 10 }),
  );
  const running = [
    ...Object.values(handlers).map((handle, index) =>
      // Comes back before the signal only when the queue has failed.
      every(CONSUME_AGAIN, signal, registry, async () =>
        queues[index]?.consume(
          (message) => handle(registry, JSON.parse(message.body) as RegistryEvent, signal),
          signal,
        ),
      ),
    ),
    every(DISPATCH_EVERY, signal, registry, () => dispatchEvents(registry, queues)),
    every(SWEEP_EVERY, signal, registry, async () => {
      while (!signal.aborted && !(await sweep(registry, signal)));
    }),
  ];
  return {
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

/**
 * Moves events from the outbox into every queue. An event leaves the outbox only once all queues have it, so a crash
 * in between delivers it twice, never not at all.
 */
export async function dispatchEvents(registry: Registry, queues: readonly Queue[]): Promise<number> {
  let moved = 0;
  for (let shard = 0; shard < EVENT_SHARDS; shard++) {
    for (;;) {
      const { items, more } = await registry.table.query({ ...ranges.events(shard), limit: 50 });
      if (items.length === 0) break;
      const bodies = items.map((item) => JSON.stringify(eventOf(item)));
      for (const queue of queues) await queue.send(bodies);
      await registry.table.write(items.map(({ pk, sk }) => ({ delete: { pk, sk } })));
      moved += items.length;
      if (!more) break;
    }
  }
  return moved;
}
