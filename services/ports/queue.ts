/**
 * The `Queue` port: messages delivered at least once, in no promised order.
 *
 * Promises every adapter keeps (checked by `test/contract/queue-contract.ts`):
 * - `send` returns when the messages are durable.
 * - A message is handed out until a handler returns for it; one whose handler throws comes again after
 *   `retryAfter`, and after `maxAttempts` deliveries it lies among the dead letters instead.
 */

/** A message as delivered. `attempt` counts from 1. */
export interface Message {
  readonly id: string;
  /** JSON text, at most 256 KB. */
  readonly body: string;
  readonly attempt: number;
}

/** See the promises at the top of this file. */
export interface Queue {
  /** Adds messages (any number; adapters split them as they must). */
  send(bodies: readonly string[]): Promise<void>;
  /**
   * Takes messages as they come and hands each to `handler`, several at once, until `signal` is aborted.
   * Resolves once no handler of this call is running any more. Rejects when the queue itself fails; consumed again it
   * goes on.
   */
  consume(handler: (message: Message) => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Messages that were given up on, oldest first, at most 100. */
  deadLetters(): Promise<readonly Message[]>;
}

/** How a queue repeats: delay before a failed message comes again (milliseconds), and how often it is tried. */
export interface QueueOptions {
  readonly retryAfter: number;
  readonly maxAttempts: number;
}
