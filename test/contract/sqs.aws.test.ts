import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sqsQueue } from '../../services/adapters/aws/sqs-queue.ts';
import type { Message } from '../../services/ports/queue.ts';
import { type AwsResources, awsResources } from '../kit/aws-resources.ts';
import { onAttempt, onCommand } from '../kit/faults.ts';
import { type Ministack, ministackMissing, startMinistack } from '../kit/ministack.ts';

describe.skipIf(ministackMissing)(`SQS${ministackMissing ? ` (${ministackMissing})` : ''}`, () => {
  let ministack: Ministack;
  let resources: AwsResources;
  beforeAll(async () => {
    ministack = await startMinistack({ iam: true });
    resources = awsResources(ministack.endpoint);
  });
  afterAll(async () => {
    resources?.close();
    await ministack?.stop();
  });

  async function open(visibilityTimeout = 30) {
    const client = new SQSClient({ endpoint: ministack.endpoint });
    const { url: queueUrl, deadLetterUrl } = await resources.queue(3);
    const options = { client, queueUrl, deadLetterUrl, retryAfter: 0, maxAttempts: 3, visibilityTimeout };
    return { client, queue: sqsQueue(options) };
  }

  test('a message is not delivered again while its handler runs past the visibility timeout', async () => {
    const { client, queue } = await open(2);
    let extensions = 0;
    onCommand(client, 'ChangeMessageVisibilityCommand', () => {
      extensions++;
    });
    const messages: Message[] = [];
    const stop = new AbortController();
    const handler = async (message: Message) => {
      messages.push(message);
      await vi.waitFor(() => expect(extensions).toBeGreaterThan(5), { timeout: 30_000 });
      stop.abort();
    };
    await queue.send(['slow']);
    await Promise.all([queue.consume(handler, stop.signal), queue.consume(handler, stop.signal)]);
    expect(messages.map(({ attempt }) => attempt)).toEqual([1]);
  });

  test('a message that could not be deleted is delivered again', async () => {
    const { client, queue } = await open(1);
    onAttempt(client, 'DeleteMessageCommand', (count) => {
      if (count === 1) throw new Error('the consumer died');
    });
    const messages: Message[] = [];
    const stop = new AbortController();
    await queue.send(['work']);
    await queue.consume(async (message) => {
      messages.push(message);
      if (message.attempt === 2) stop.abort();
    }, stop.signal);
    expect(messages.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  test('a request has at most 1 MiB and 10 messages', async () => {
    const { client, queue } = await open();
    const sent: number[] = [];
    onCommand(client, 'SendMessageBatchCommand', ({ Entries }: { Entries: unknown[] }) => {
      sent.push(Entries.length);
    });
    await queue.send(Array.from({ length: 9 }, () => 'x'.repeat(256 * 1024)));
    await queue.send(Array.from({ length: 23 }, () => 'x'));
    expect(sent).toEqual([4, 4, 1, 10, 10, 3]);
  });

  test('only the messages of a request that failed are sent again', async () => {
    const { client, queue } = await open();
    const sent: string[][] = [];
    let Failed: object[] = [];
    onCommand(
      client,
      'SendMessageBatchCommand',
      ({ Entries }: { Entries: { Id: string; MessageBody: string }[] }) => {
        sent.push(Entries.map(({ MessageBody }) => MessageBody));
        Failed = Entries.slice(2).map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false }));
      },
      (output: { Failed?: object[] }) => {
        output.Failed = Failed;
      },
    );
    await queue.send(['a', 'b', 'c', 'd', 'e']);
    expect(sent).toEqual([['a', 'b', 'c', 'd', 'e'], ['c', 'd', 'e'], ['e']]);
  });
});
