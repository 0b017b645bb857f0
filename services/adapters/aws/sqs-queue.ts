import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
  type Message as SqsMessage,
} from '@aws-sdk/client-sqs';
import type { Message, Queue, QueueOptions } from '../../ports/queue.ts';
import { checkBodies } from '../../ports/queue-rules.ts';
import { withRetries } from '../../shared/retry.ts';

/** A standard queue and its dead-letter queue, which its redrive policy should name as well. */
export interface SqsQueueOptions extends QueueOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
  /** The maximum number of messages that one `consume` handles concurrently. */
  readonly concurrency?: number;
  /** Seconds until a message whose consumer died is redelivered; a living consumer extends it. */
  readonly visibilityTimeout?: number;
  /** Seconds to wait for messages (long polling), at most 20. */
  readonly waitTime?: number;
}

/** Limits of one request: 10 messages, 1 MiB of bodies. */
const BATCH_MESSAGES = 10;
const BATCH_BYTES = 1024 * 1024;
const MAX_DEAD_LETTERS = 100;

/**
 * The `Queue` port on SQS. Times are rounded up to whole seconds, the unit of SQS.
 *
 * The consumer itself moves a message to the dead letters after its last attempt: SQS would only do so at the next
 * receive. The queue's redrive policy (`maxReceiveCount` = `maxAttempts`) covers consumers that die. `consume`
 * rejects when SQS stays unreachable; its caller restarts it.
 */
export function sqsQueue(options: SqsQueueOptions): Queue {
  return {
    async send(bodies) {
      checkBodies(bodies);
      for (const batch of inBatches(bodies)) await sendBatch(options.client, options.queueUrl, batch);
    },
    consume: (handler, signal) => consume(options, handler, signal),
    deadLetters: () => deadLetters(options),
  };
}

function* inBatches(bodies: readonly string[]): Generator<string[]> {
  let batch: string[] = [];
  let bytes = 0;
  for (const body of bodies) {
    const size = Buffer.byteLength(body);
    if (batch.length === BATCH_MESSAGES || bytes + size > BATCH_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(body);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** SQS did not accept some messages of a batch. */
class NotSent extends Error {
  override readonly name = 'NotSent';
  /** Whether SQS would reject the same messages again. */
  readonly isFinal: boolean;
  constructor(failed: readonly BatchResultErrorEntry[]) {
    super(`${failed.length} messages were not sent: ${failed[0]?.Code} ${failed[0]?.Message ?? ''}`);
    this.isFinal = failed.some(({ SenderFault }) => SenderFault);
  }
}

const sending = {
  shouldRetry: (error: unknown) => error instanceof NotSent && !error.isFinal,
  attempts: 5,
  firstPause: 200,
  longestPause: 1600,
};

/** Sends a batch, and retries the messages that SQS did not accept. */
async function sendBatch(client: SQSClient, QueueUrl: string, bodies: readonly string[]): Promise<void> {
  let Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
  await withRetries(async () => {
    const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    const failed = new Set(Failed.map(({ Id }) => Id));
    Entries = Entries.filter(({ Id }) => failed.has(Id));
    if (Failed.length > 0) throw new NotSent(Failed);
  }, sending);
}

type Handler = (message: Message) => Promise<void>;

async function consume(options: SqsQueueOptions, handler: Handler, signal: AbortSignal): Promise<void> {
  const { concurrency = 10 } = options;
  const running = new Set<Promise<void>>();
  try {
    while (!signal.aborted) {
      const room = concurrency - running.size;
      if (room === 0) await Promise.race(running);
      else {
        for (const message of await receive(options, room, signal)) {
          const handling = handle(options, message, handler).finally(() => running.delete(handling));
          running.add(handling);
        }
      }
    }
  } finally {
    await Promise.all(running);
  }
}

async function receive(options: SqsQueueOptions, room: number, signal: AbortSignal): Promise<SqsMessage[]> {
  const request = new ReceiveMessageCommand({
    QueueUrl: options.queueUrl,
    MaxNumberOfMessages: Math.min(room, BATCH_MESSAGES),
    MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    VisibilityTimeout: visibilityTimeout(options),
    WaitTimeSeconds: options.waitTime ?? 20,
  });
  try {
    const { Messages = [] } = await options.client.send(request, { abortSignal: signal });
    return Messages;
  } catch (error) {
    // Messages in transit are redelivered after their visibility timeout.
    if (signal.aborted) return [];
    throw error;
  }
}

/**
 * Runs the handler for a message and settles it. Never rejects: a message that can't be settled is redelivered.
 */
async function handle(options: SqsQueueOptions, received: SqsMessage, handler: Handler): Promise<void> {
  const attempt = Number(received.Attributes?.ApproximateReceiveCount ?? 1);
  const keepingHidden = keepHidden(options, received);
  let outcome: 'done' | 'failed' = 'done';
  try {
    await handler({ id: received.MessageId ?? '', body: received.Body ?? '', attempt });
  } catch {
    outcome = 'failed';
  }
  await keepingHidden.stop();
  await settle(options, received, attempt, outcome).catch(() => undefined);
}

/** Extends the visibility timeout for as long as the handler runs. */
function keepHidden(options: SqsQueueOptions, message: SqsMessage) {
  const seconds = visibilityTimeout(options);
  let extending = Promise.resolve();
  const timer = setInterval(
    () => {
      extending = hide(options, message, seconds).catch(() => undefined);
    },
    (seconds * 1000) / 3,
  );
  return {
    /** Resolves when no extension is in progress that could override the next change of visibility. */
    async stop(): Promise<void> {
      clearInterval(timer);
      await extending;
    },
  };
}

async function settle(
  options: SqsQueueOptions,
  message: SqsMessage,
  attempt: number,
  outcome: 'done' | 'failed',
): Promise<void> {
  const { client, queueUrl, deadLetterUrl, retryAfter, maxAttempts } = options;
  if (outcome === 'failed' && attempt < maxAttempts) {
    return hide(options, message, Math.ceil(retryAfter / 1000));
  }
  if (outcome === 'failed') await sendBatch(client, deadLetterUrl, [message.Body ?? '']);
  await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }));
}

/** Makes the message visible again in so many seconds. */
async function hide(
  { client, queueUrl }: SqsQueueOptions,
  message: SqsMessage,
  seconds: number,
): Promise<void> {
  const { ReceiptHandle } = message;
  const request = { QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout: seconds };
  await client.send(new ChangeMessageVisibilityCommand(request));
}

function visibilityTimeout({ visibilityTimeout = 30 }: SqsQueueOptions): number {
  return visibilityTimeout;
}

/** Reads the dead letters by receiving, which hides them from the next request, then makes them visible again. */
async function deadLetters(options: SqsQueueOptions): Promise<readonly Message[]> {
  const { client, deadLetterUrl: QueueUrl, maxAttempts } = options;
  const found: SqsMessage[] = [];
  for (let more = true; more && found.length < MAX_DEAD_LETTERS; ) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: Math.min(BATCH_MESSAGES, MAX_DEAD_LETTERS - found.length),
        MessageSystemAttributeNames: ['SentTimestamp'],
        VisibilityTimeout: visibilityTimeout(options),
        WaitTimeSeconds: 1,
      }),
    );
    found.push(...Messages);
    more = Messages.length > 0;
  }
  await show(client, QueueUrl, found);
  const sentAt = ({ Attributes }: SqsMessage) => Number(Attributes?.SentTimestamp ?? 0);
  return found
    .toSorted((a, b) => sentAt(a) - sentAt(b))
    .map(({ MessageId = '', Body = '' }) => ({ id: MessageId, body: Body, attempt: maxAttempts }));
}

async function show(client: SQSClient, QueueUrl: string, messages: readonly SqsMessage[]): Promise<void> {
  for (let start = 0; start < messages.length; start += BATCH_MESSAGES) {
    const Entries = messages
      .slice(start, start + BATCH_MESSAGES)
      .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 0 }));
    await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
  }
}
