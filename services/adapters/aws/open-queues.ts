import { SQSClient } from '@aws-sdk/client-sqs';
import type { Queue, QueueOptions } from '../../ports/queue.ts';
import { connections } from './connections.ts';
import { sqsQueue } from './sqs-queue.ts';

/** A queue and its dead letters. */
export interface QueueUrls {
  readonly url: string;
  readonly deadLetterUrl: string;
}

/** Where the queues are. Region and credentials come from the environment unless they are given here. */
export interface QueueSettings {
  readonly queueUrls: { readonly [name: string]: QueueUrls | undefined };
  readonly region?: string | undefined;
  /** Another address, such as an emulator's. */
  readonly endpoint?: string | undefined;
}

/** The queues of the settings, by name. `close` closes idle connections. */
export interface OpenedQueues {
  queue(name: string, options: QueueOptions): Queue;
  close(): void;
}

/** Opens queues over one client. */
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
