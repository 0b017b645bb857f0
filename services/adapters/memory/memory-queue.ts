import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../ports/clock.ts';
import type { Message, Queue, QueueOptions } from '../../ports/queue.ts';
import { checkBodies } from '../../ports/queue-rules.ts';

/** The maximum number of messages that one `consume` handles concurrently. */
const CONCURRENCY = 8;

/** How often a custom clock is checked while messages are waiting, in milliseconds. */
const CLOCK_POLL = 10;

/** The longest timer, in milliseconds. */
const MAX_TIMER = 60_000;

interface Waiting {
  readonly id: string;
  readonly body: string;
  attempts: number;
  visibleAt: number;
}

/** A `Queue` in memory, for tests and demonstrations. */
export function memoryQueue(options: QueueOptions & { readonly clock?: Clock }): Queue {
  const { retryAfter, maxAttempts, clock = systemClock } = options;
  const waiting: Waiting[] = [];
  const dead: Message[] = [];
  let handling = 0;
  const sleepers = new Set<() => void>();

  function wakeAll(): void {
    for (const wake of sleepers) wake();
  }

  function take(): Waiting | undefined {
    const index = waiting.findIndex(({ visibleAt }) => visibleAt <= clock.now());
    return index < 0 ? undefined : waiting.splice(index, 1)[0];
  }

  /** Resolves when `wakeAll` is called or, if there is room for `more`, once a message may be due. */
  function workOrWake(more: boolean): Promise<void> {
    return new Promise((resolve) => {
      const due = Math.min(...waiting.map(({ visibleAt }) => visibleAt)) - clock.now();
      const pause = clock === systemClock ? Math.max(0, Math.min(due, MAX_TIMER)) : CLOCK_POLL;
      const timer = more && waiting.length > 0 ? setTimeout(wake, pause) : undefined;
      sleepers.add(wake);
      function wake(): void {
        clearTimeout(timer);
        sleepers.delete(wake);
        resolve();
      }
    });
  }

  async function deliver(entry: Waiting, handler: (message: Message) => Promise<void>): Promise<void> {
    entry.attempts++;
    handling++;
    const message = { id: entry.id, body: entry.body, attempt: entry.attempts };
    try {
      await handler(message);
    } catch {
      if (entry.attempts >= maxAttempts) dead.push(message);
      else waiting.push({ ...entry, visibleAt: clock.now() + retryAfter });
    } finally {
      handling--;
    }
  }

  return {
    async send(bodies) {
      checkBodies(bodies);
      for (const body of bodies)
        waiting.push({ id: randomUUID(), body, attempts: 0, visibleAt: clock.now() });
      wakeAll();
    },
    async consume(handler, signal) {
      const running = new Set<Promise<void>>();
      signal.addEventListener('abort', wakeAll);
      while (!signal.aborted) {
        const entry = running.size < CONCURRENCY ? take() : undefined;
        if (entry) {
          const delivery = deliver(entry, handler).finally(() => {
            running.delete(delivery);
            wakeAll();
          });
          running.add(delivery);
        } else {
          await workOrWake(running.size < CONCURRENCY);
        }
      }
      await Promise.all(running);
      signal.removeEventListener('abort', wakeAll);
    },
    async depth() {
      return waiting.length + handling;
    },
    async deadLetters() {
      return dead.slice(0, 100);
    },
  };
}
