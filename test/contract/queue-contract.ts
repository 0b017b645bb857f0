import { describe, expect, test, vi } from 'vitest';
import type { Message, Queue, QueueOptions } from '../../services/ports/queue.ts';

/** A queue opened for one test, and the function that closes it. */
export interface OpenedQueue {
  readonly queue: Queue;
  close(): Promise<void>;
}

/** Checks every promise of the `Queue` port. `open` is called for each test and gives an empty queue. */
export function describeQueue(name: string, open: (options: QueueOptions) => Promise<OpenedQueue>): void {
  async function withQueue(
    options: Partial<QueueOptions>,
    use: (queue: Queue) => Promise<void>,
  ): Promise<void> {
    const opened = await open({ retryAfter: 0, maxAttempts: 3, ...options });
    try {
      await use(opened.queue);
    } finally {
      await opened.close();
    }
  }

  describe(`Queue contract: ${name}`, () => {
    deliveryCases(withQueue);
    retryCases(withQueue);
    abortCases(withQueue);
  });
}

type WithQueue = (options: Partial<QueueOptions>, use: (queue: Queue) => Promise<void>) => Promise<void>;

function deliveryCases(withQueue: WithQueue): void {
  test('delivers messages that are sent before and while it is consumed', () =>
    withQueue({}, async (queue) => {
      const text = JSON.stringify({ text: 'grüße 🎉\n"' });
      await queue.send([text]);
      const consumer = consuming(queue);
      await consumer.until(1);
      await queue.send(['second', 'third']);
      await consumer.until(3);
      await consumer.stop();
      expect(consumer.messages.map(({ body }) => body).sort()).toEqual(['second', 'third', text].sort());
      expect(consumer.messages.every(({ attempt, id }) => attempt >= 1 && id !== '')).toBe(true);
      expect(await queue.deadLetters()).toEqual([]);
    }));

  test('counts messages until they are handled, where the queue can', () =>
    withQueue({}, async (queue) => {
      if (!queue.depth) return;
      expect(await queue.depth()).toBe(0);
      await queue.send(['one', 'two']);
      expect(await queue.depth()).toBe(2);
      const consumer = consuming(queue);
      await consumer.until(2);
      await consumer.stop();
      expect(await queue.depth()).toBe(0);
    }));

  test('accepts an empty list of messages', () => withQueue({}, (queue) => queue.send([])));

  test('delivers all of 500 messages', () =>
    withQueue({}, async (queue) => {
      const bodies = Array.from({ length: 500 }, (_, n) => `message ${n}`);
      await Promise.all([
        queue.send(bodies.slice(0, 333)),
        ...bodies.slice(333).map((body) => queue.send([body])),
      ]);
      const consumer = consuming(queue);
      await consumer.untilBodies(500);
      await consumer.stop();
      expect(consumer.bodies()).toEqual(bodies.toSorted());
    }));

  test('delivers every message to one of two consumers', () =>
    withQueue({}, async (queue) => {
      const consumers = [consuming(queue), consuming(queue)] as const;
      const bodies = Array.from({ length: 60 }, (_, n) => `message ${n}`);
      await queue.send(bodies);
      await vi.waitFor(() => {
        const seen = new Set(consumers.flatMap((consumer) => consumer.bodies()));
        expect([...seen].sort()).toEqual(bodies.toSorted());
      }, WAIT);
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    }));

  test('delivers a message of 256 KB and rejects a larger one', () =>
    withQueue({}, async (queue) => {
      const body = 'ü'.repeat(128 * 1024);
      await queue.send([body]);
      const consumer = consuming(queue);
      await consumer.until(1);
      expect(consumer.messages[0]?.body).toBe(body);
      await expect(queue.send(['fine', `${body}x`])).rejects.toThrow();
      await consumer.stop();
    }));
}

function retryCases(withQueue: WithQueue): void {
  test('delivers a message again with the next attempt number if its handler throws', () =>
    withQueue({}, async (queue) => {
      await queue.send(['work']);
      const consumer = consuming(queue, async ({ attempt }) => {
        if (attempt < 3) throw new Error('not yet');
      });
      await consumer.until(3);
      await consumer.stop();
      expect(consumer.messages.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      expect(new Set(consumer.messages.map(({ body }) => body))).toEqual(new Set(['work']));
      expect(await queue.deadLetters()).toEqual([]);
    }));

  test('delivers a failed message again, but not before retryAfter', () =>
    withQueue({ retryAfter: 1000 }, async (queue) => {
      const times: number[] = [];
      const consumer = consuming(queue, async ({ attempt }) => {
        times.push(performance.now());
        if (attempt === 1) throw new Error('not yet');
      });
      await queue.send(['work']);
      await consumer.until(2);
      await consumer.stop();
      expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
    }));

  test('treats a handler that throws synchronously as failed', () =>
    withQueue({ maxAttempts: 1 }, async (queue) => {
      const consumer = consuming(queue, () => {
        throw new Error('at once');
      });
      await queue.send(['work']);
      await vi.waitFor(async () => expect(await queue.deadLetters()).toHaveLength(1), WAIT);
      await consumer.stop();
    }));

  test('moves a message to the dead letters after its last attempt', () =>
    withQueue({ maxAttempts: 2 }, async (queue) => {
      const consumer = consuming(queue, async ({ body }) => {
        if (body.startsWith('bad')) throw new Error('never');
      });
      await queue.send(['bad one']);
      await vi.waitFor(async () => expect(await queue.deadLetters()).toHaveLength(1), WAIT);
      await queue.send(['good', 'bad two']);
      await vi.waitFor(async () => expect(await queue.deadLetters()).toHaveLength(2), WAIT);
      await consumer.until(5);
      await consumer.stop();
      const letters = await queue.deadLetters();
      expect(letters.map(({ body }) => body)).toEqual(['bad one', 'bad two']);
      const attempts = consumer.messages
        .filter(({ body }) => body === 'bad one')
        .map(({ attempt }) => attempt);
      expect(attempts).toEqual([1, 2]);
      expect(consumer.messages.filter(({ body }) => body === 'good')).toHaveLength(1);
    }));

  test('returns at most 100 dead letters', () =>
    withQueue({ maxAttempts: 1 }, async (queue) => {
      const bodies = Array.from({ length: 120 }, (_, n) => `bad ${n}`);
      await queue.send(bodies);
      const consumer = consuming(queue, async () => {
        throw new Error('never');
      });
      await consumer.untilBodies(120);
      await consumer.stop();
      await vi.waitFor(async () => expect(await queue.deadLetters()).toHaveLength(100), WAIT);
    }));
}

function abortCases(withQueue: WithQueue): void {
  test('an idle consumer stops when its signal is aborted', () =>
    withQueue({}, async (queue) => {
      const stop = new AbortController();
      const ended = queue.consume(async () => {}, stop.signal);
      stop.abort();
      await ended;
    }));

  test('a consumer whose signal is already aborted takes no message', () =>
    withQueue({}, async (queue) => {
      await queue.send(['work']);
      const bodies: string[] = [];
      await queue.consume(async ({ body }) => void bodies.push(body), AbortSignal.abort());
      expect(bodies).toEqual([]);
      const consumer = consuming(queue);
      await consumer.until(1);
      await consumer.stop();
    }));

  test('consume resolves only after the running handler has finished and its message is acknowledged', () =>
    withQueue({}, async (queue) => {
      const stop = new AbortController();
      const order: string[] = [];
      const started = Promise.withResolvers<void>();
      const release = Promise.withResolvers<void>();
      await queue.send(['slow']);
      const ended = queue
        .consume(async () => {
          started.resolve();
          await release.promise;
          order.push('handler');
        }, stop.signal)
        .then(() => order.push('consume'));
      await started.promise;
      stop.abort();
      release.resolve();
      await ended;
      expect(order).toEqual(['handler', 'consume']);
      const consumer = consuming(queue);
      await queue.send(['next']);
      await consumer.until(1);
      await consumer.stop();
      expect(consumer.bodies()).toEqual(['next']);
    }));

  test('messages that were not taken before the abort are delivered to the next consumer', () =>
    withQueue({}, async (queue) => {
      const bodies = Array.from({ length: 50 }, (_, n) => `message ${n}`);
      await queue.send(bodies);
      const first: string[] = [];
      const stop = new AbortController();
      await queue.consume(async ({ body }) => {
        first.push(body);
        stop.abort();
      }, stop.signal);
      const consumer = consuming(queue);
      await vi.waitFor(() => expect(new Set([...first, ...consumer.bodies()]).size).toBe(50), WAIT);
      await consumer.stop();
    }));
}

const WAIT = { timeout: 30_000, interval: 10 };

/** A consumer that records the messages it gets. */
function consuming(queue: Queue, handler: (message: Message) => Promise<void> = async () => {}) {
  const messages: Message[] = [];
  const stopping = new AbortController();
  const ended = queue.consume((message) => {
    messages.push(message);
    return handler(message);
  }, stopping.signal);
  const bodies = () => [...new Set(messages.map(({ body }) => body))].sort();
  return {
    messages,
    bodies,
    until: (count: number) => vi.waitFor(() => expect(messages.length).toBeGreaterThanOrEqual(count), WAIT),
    untilBodies: (count: number) => vi.waitFor(() => expect(bodies()).toHaveLength(count), WAIT),
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}
