import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import type { Message, Queue, QueueOptions } from '../../ports/queue.ts';
import { checkBodies } from '../../ports/queue-rules.ts';
import type { Committer } from './committer.ts';
import { isDiskFull } from './disk-full.ts';
import { BURY, BURY_SPENT, DEAD, DONE, NEXT_DUE, RETRY, SEND, TAKE } from './queue-rows.ts';

/** What a queue of the database file is made of. */
export interface EmbeddedQueueOptions extends QueueOptions {
  readonly name: string;
  readonly reader: DatabaseSync;
  readonly committer: Committer;
  /** Wakes the consumers of all queues of this name. */
  readonly bell: EventTarget;
}

/** How many messages one `consume` handles at a time. */
const AT_ONCE = 8;

/** The longest a timer is set for (milliseconds); more would overflow it. */
const LONGEST = 3_600_000;

/** How long a full disk is left alone before it is tried again (milliseconds). */
const FULL_PAUSE = 1000;

type Handler = (message: Message) => Promise<void>;

/** The statement, and its values, that says what became of a message. */
type Outcome = readonly [sql: string, ...values: number[]];

interface MessageRow {
  readonly id: number;
  readonly body: string;
  readonly attempts: number;
}

/** A `Queue` whose messages are rows of the database file. Consumers are woken, they do not poll. */
export function embeddedQueue(options: EmbeddedQueueOptions): Queue {
  const { name, reader, committer, bell, retryAfter, maxAttempts } = options;
  const nextDue = reader.prepare(NEXT_DUE);
  const dead = reader.prepare(DEAD);
  /** Outcomes that could not be written, as while another process holds the database: who consumes next does it. */
  const unwritten = new Set<Outcome>();

  function ring(): void {
    bell.dispatchEvent(new Event('ring'));
  }

  function due(): number {
    const time = nextDue.get(name)?.due;
    return typeof time === 'number' ? time : Number.POSITIVE_INFINITY;
  }

  /** Resolves when the bell rings or, when there is room for more, once the next message is due. */
  function somethingHappens(room: boolean): Promise<void> {
    const wait = room ? due() - Date.now() : Number.POSITIVE_INFINITY;
    return new Promise((resolve) => {
      const timer = Number.isFinite(wait)
        ? setTimeout(wake, Math.max(0, Math.min(wait, LONGEST)))
        : undefined;
      bell.addEventListener('ring', wake);
      function wake(): void {
        clearTimeout(timer);
        bell.removeEventListener('ring', wake);
        resolve();
      }
    });
  }

  /** Runs the statement; while the disk is full it is tried again, until there is room or the signal is aborted. */
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
        await pause(FULL_PAUSE, undefined, { signal }).catch(() => {});
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

  /** Takes and hands out messages until the signal is aborted; resolves when every handler has ended. */
  async function consumeUntil(signal: AbortSignal, handler: Handler): Promise<void> {
    const running = new Set<Promise<void>>();
    const failures: unknown[] = [];
    while (!signal.aborted && failures.length === 0) {
      const room = AT_ONCE - running.size;
      if (room === 0 || due() > Date.now()) {
        await somethingHappens(room > 0);
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
    async deadLetters() {
      const rows = dead.all(name) as unknown as MessageRow[];
      return rows.map(({ id, body, attempts }) => ({ id: String(id), body, attempt: attempts }));
    },
  };
}
