import { setTimeout as pause } from 'node:timers/promises';
import type { Message, Queue, QueueOptions } from '../../ports/queue.ts';
import { checkBodies } from '../../ports/queue-rules.ts';
import type { Committer } from './committer.ts';
import type { Reader } from './database.ts';
import { isDiskFull } from './disk-full.ts';
import { BURY, BURY_SPENT, DEAD, DEPTH, DONE, NEXT_DUE, RETRY, SEND, TAKE } from './queue-rows.ts';

/** The parts of a queue in the database file. */
export interface EmbeddedQueueOptions extends QueueOptions {
  readonly name: string;
  readonly reader: Reader;
  readonly committer: Committer;
  /** Wakes the consumers of all queues of this name. */
  readonly bell: EventTarget;
}

/** The maximum number of messages that one `consume` handles concurrently. */
const CONCURRENCY = 8;

/** The longest timer, in milliseconds; longer ones would overflow. */
const MAX_TIMER = 3_600_000;

/** The delay before retrying on a full disk, in milliseconds. */
const DISK_FULL_DELAY = 1000;

type Handler = (message: Message) => Promise<void>;

/** The statement, with its values, that records the outcome of a message. */
type Outcome = readonly [sql: string, ...values: number[]];

interface MessageRow {
  readonly id: number;
  readonly body: string;
  readonly attempts: number;
}

/** A `Queue` whose messages are rows of the database file. Consumers are notified instead of polling. */
export function embeddedQueue(options: EmbeddedQueueOptions): Queue {
  const { name, reader, committer, bell, retryAfter, maxAttempts } = options;
  const nextDue = reader.prepare(NEXT_DUE);
  const dead = reader.prepare(DEAD);
  const counted = reader.prepare(DEPTH);
  /**
   * Outcomes that could not be written, for example while another process held the database. The next consumer
   * writes them.
   */
  const unwritten = new Set<Outcome>();

  function ring(): void {
    bell.dispatchEvent(new Event('ring'));
  }

  function due(): number {
    const time = nextDue.get(name)?.due;
    return typeof time === 'number' ? time : Number.POSITIVE_INFINITY;
  }

  /** Resolves when the bell rings or, if there is room for more messages, once the next one is due. */
  function workOrBell(room: boolean): Promise<void> {
    const wait = room ? due() - Date.now() : Number.POSITIVE_INFINITY;
    return new Promise((resolve) => {
      const timer = Number.isFinite(wait)
        ? setTimeout(wake, Math.max(0, Math.min(wait, MAX_TIMER)))
        : undefined;
      bell.addEventListener('ring', wake);
      function wake(): void {
        clearTimeout(timer);
        bell.removeEventListener('ring', wake);
        resolve();
      }
    });
  }

  /** Runs the statement. On a full disk it is retried until there is room or the signal is aborted. */
  async function persist(
    signal: AbortSignal,
    sql: string,
    ...values: (string | number)[]
  ): Promise<MessageRow[]> {
    for (;;) {
      try {
        return (await committer.commit({ statements: [{ sql, values }] })) as MessageRow[];
      } catch (error) {
        if (!isDiskFull(error) || signal.aborted) throw error;
        await pause(DISK_FULL_DELAY, undefined, { signal }).catch(() => {});
      }
    }
  }

  async function deliver(row: MessageRow, handler: Handler, signal: AbortSignal): Promise<void> {
    const outcome = await outcomeOf(row, handler);
    try {
      await persist(signal, ...outcome);
    } catch (error) {
      unwritten.add(outcome);
      throw error;
    }
  }

  async function outcomeOf({ id, body, attempts }: MessageRow, handler: Handler): Promise<Outcome> {
    try {
      await handler({ id: String(id), body, attempt: attempts });
      return [DONE, id];
    } catch {
      return attempts >= maxAttempts ? [BURY, id] : [RETRY, Date.now() + retryAfter, id];
    }
  }

  async function writeUnwritten(signal: AbortSignal): Promise<void> {
    for (const outcome of unwritten) {
      await persist(signal, ...outcome);
      unwritten.delete(outcome);
    }
  }

  /** Takes and delivers messages until the signal is aborted. Resolves when all handlers have finished. */
  async function consumeUntil(signal: AbortSignal, handler: Handler): Promise<void> {
    const running = new Set<Promise<void>>();
    const failures: unknown[] = [];
    while (!signal.aborted && failures.length === 0) {
      const room = CONCURRENCY - running.size;
      if (room === 0 || due() > Date.now()) {
        await workOrBell(room > 0);
        continue;
      }
      const taken = await persist(signal, TAKE, name, Date.now(), room).catch((error: unknown) => {
        failures.push(error);
        return [];
      });
      for (const row of taken) {
        const delivery = deliver(row, handler, signal)
          .catch((error) => void failures.push(error))
          .finally(() => {
            running.delete(delivery);
            ring();
          });
        running.add(delivery);
      }
    }
    await Promise.all(running);
    if (failures.length > 0) throw failures[0];
  }

  return {
    async send(bodies) {
      checkBodies(bodies);
      if (bodies.length === 0) return;
      const now = Date.now();
      await committer.commit({
        statements: bodies.map((body) => ({ sql: SEND, values: [name, body, now] })),
      });
      ring();
    },
    async consume(handler, signal) {
      if (signal.aborted) return;
      signal.addEventListener('abort', ring);
      try {
        await writeUnwritten(signal);
        await persist(signal, BURY_SPENT, name, maxAttempts);
        await consumeUntil(signal, handler);
      } finally {
        signal.removeEventListener('abort', ring);
      }
    },
    async depth() {
      return Number(counted.get(name)?.depth);
    },
    async deadLetters() {
      const rows = dead.all(name) as unknown as MessageRow[];
      return rows.map(({ id, body, attempts }) => ({ id: String(id), body, attempt: attempts }));
    },
  };
}
