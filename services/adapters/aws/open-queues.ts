import { SQSClient } from '@aws-sdk/client-sqs';
import type { Queue, QueueOptions } from '../../ports/queue.ts';
import { connections } from './connections.ts';
import { sqsQueue } from './sqs-queue.ts';

/** The URLs of a queue and its dead-letter queue. */
export interface QueueUrls {
  readonly url: string;
  readonly deadLetterUrl: string;
}

/** The configuration of the queues. Region and credentials default to those of the environment. */
export interface QueueSettings {
  readonly queueUrls: { readonly [name: string]: QueueUrls | undefined };
  readonly region?: string | undefined;
  /** Overrides the endpoint, for example for an emulator. */
  readonly endpoint?: string | undefined;
}

/** Opens the configured queues by name. `close` closes idle connections. */
export interface OpenedQueues {
  queue(name: string, options: QueueOptions): Queue;
  close(): void;
}

/** Opens queues with one client. */
export function openQueues({ queueUrls, region, endpoint }: QueueSettings): OpenedQueues {
  const client = new SQSClient({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    maxAttempts: 5,
    requestHandler: connections({ requestTimeout: 30_000 }),
  });
  return {
    queue(name, options) {
      const urls = queueUrls[name];
      if (urls === undefined) throw new Error(`no queue named ${name} is configured`);
      return sqsQueue({ ...options, client, queueUrl: urls.url, deadLetterUrl: urls.deadLetterUrl });
    },
    close: () => client.destroy(),
  };
}
