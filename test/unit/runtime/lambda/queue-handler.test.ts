import type { Context, SQSEvent } from 'aws-lambda';
import { describe, expect, it, vi } from 'vitest';
import { logger, metrics } from '../../../../services/runtime/lambda/logging.ts';
import { queueHandler } from '../../../../services/runtime/lambda/queue-handler.ts';

describe('a batch of messages', () => {
  it('reports only the messages that failed', async () => {
    vi.spyOn(metrics, 'publishStoredMetrics').mockReturnThis();
    vi.spyOn(logger, 'error').mockReturnValue();
    const done: string[] = [];
    const handler = queueHandler(async (message) => {
      if (message === 'bad') throw new Error('no');
      done.push(message);
    });
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
  it('is not started, and is delivered again', async () => {
    vi.spyOn(metrics, 'publishStoredMetrics').mockReturnThis();
    vi.spyOn(logger, 'error').mockReturnValue();
    const begun: string[] = [];
    const handler = queueHandler(async (message, signal) => {
      begun.push(message);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
    const Records = ['one', 'two'].map((body) => ({ messageId: `id-${body}`, body, attributes: {} }));
    const context = { getRemainingTimeInMillis: () => 10_001 } as Context;
    const answer = await handler({ Records } as unknown as SQSEvent, context);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'id-two' }] });
    expect(begun).toEqual(['one']);
    vi.restoreAllMocks();
  });
});
