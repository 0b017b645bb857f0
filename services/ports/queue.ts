/**
 * The `Queue` port: at-least-once delivery of messages, in no guaranteed order.
 *
 * Promises every adapter keeps (checked by `test/contract/queue-contract.ts`):
 * - `send` resolves when the messages are durable.
 * - A message is delivered until a handler returns for it. If the handler throws, it is redelivered after
 *   `retryAfter`; after `maxAttempts` deliveries it becomes a dead letter.
 */

/** A delivered message. `attempt` starts at 1. */
export interface Message {
  readonly id: string;
  /** JSON text, at most 256 KB. */
  readonly body: string;
  readonly attempt: number;
}

/** See the promises at the top of this file. */
export interface Queue {
  /** Sends any number of messages; adapters split them into batches. */
  send(bodies: readonly string[]): Promise<void>;
  /**
   * Passes messages to `handler`, several concurrently, until `signal` is aborted. Resolves when all its handlers
   * have finished. Rejects when the queue itself fails; it can then be called again.
   */
  consume(handler: (message: Message) => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Dead letters, oldest first, at most 100. */
  deadLetters(): Promise<readonly Message[]>;
  /** How many messages wait or are being handled; absent where the queue's own service counts them. */
  depth?(): Promise<number>;
}

/** The delay before a failed message is redelivered (milliseconds), and the maximum number of deliveries. */
export interface QueueOptions {
  readonly retryAfter: number;
  readonly maxAttempts: number;
}
