import type { Context, SQSEvent } from 'aws-lambda';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { logger, metrics } from '../../../../services/runtime/lambda/logging.ts';
import { queueHandler, type SendAgain } from '../../../../services/runtime/lambda/queue-handler.ts';

describe('a batch of messages', () => {
  it('reports only the messages that failed', async () => {
    vi.spyOn(metrics, 'publishStoredMetrics').mockReturnThis();
    vi.spyOn(logger, 'error').mockReturnValue();
    const done: string[] = [];
    const handler = queueHandler(async (message) => {
      if (message === 'bad') throw new Error('no');
      done.push(message);
    }, unexpected);
    const event = {
      Records: ['one', 'bad', 'two'].map((body) => ({ messageId: `id-${body}`, body, attributes: {} })),
    };
    const answer = await handler(
      event as unknown as SQSEvent,
      { getRemainingTimeInMillis: () => 30_000 } as Context,
    );
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'id-bad' }] });
    expect(done).toEqual(['one', 'two']);
    vi.restoreAllMocks();
  });
});

describe('a message whose turn comes shortly before the timeout of the function', () => {
  async function runOutOfTime(sendAgain: SendAgain) {
    vi.spyOn(metrics, 'publishStoredMetrics').mockReturnThis();
    vi.spyOn(logger, 'info').mockReturnValue();
    const begun: string[] = [];
    const handler = queueHandler(async (message, signal) => {
      begun.push(message);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    }, sendAgain);
    const Records = ['one', 'two', 'three'].map((body) => ({
      messageId: `id-${body}`,
      body,
      attributes: {},
    }));
    const context = { getRemainingTimeInMillis: () => 10_001 } as Context;
    const answer = handler({ Records } as unknown as SQSEvent, context);
    return { begun, answer };
  }

  afterEach(() => vi.restoreAllMocks());

  it('is not started, and is sent again without counting as an attempt', async () => {
    const again: string[] = [];
    const { begun, answer } = await runOutOfTime(async (bodies) => void again.push(...bodies));
    expect(await answer).toEqual({ batchItemFailures: [] });
    expect([begun, again]).toEqual([['one'], ['two', 'three']]);
  });

  it('is delivered again with its whole batch when it can not be sent again', async () => {
    const { answer } = await runOutOfTime(async () => {
      throw new Error('the queue is down');
    });
    await expect(answer).rejects.toThrow('the queue is down');
  });
});

async function unexpected(): Promise<void> {
  throw new Error('nothing is sent again');
}
