import { MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { CloudWatchLogsEvent, Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { STOP_NOTICE } from '../job-worker.ts';
import { log, metrics } from './logging.ts';
import { observe } from './observe.ts';

/** The handler that Lambda calls with messages of a queue, or with log lines. */
export type QueueHandler = (
  event: SQSEvent | CloudWatchLogsEvent,
  context: Context,
) => Promise<SQSBatchResponse>;

/** Processes a message. `signal` is aborted shortly before Lambda's timeout. */
export type Work = (message: string, signal: AbortSignal) => Promise<void>;

/** Puts messages that were not started into the queue again. */
export type SendAgain = (bodies: readonly string[]) => Promise<void>;

/**
 * Passes the messages to `work` one after the other. Only failed messages are reported to the queue and
 * redelivered; a job must tolerate repeated messages. Messages whose turn does not come before the deadline are sent
 * again: reported as failed, they would wait for the visibility timeout, and become dead letters after a few batches
 * without ever having been tried.
 */
export function queueHandler(work: Work, sendAgain: SendAgain): QueueHandler {
  return middy<SQSEvent | CloudWatchLogsEvent, SQSBatchResponse>()
    .use(observe())
    .handler((event: SQSEvent | CloudWatchLogsEvent, context: Context) =>
      'Records' in event
        ? processMessages(event, context, { work, sendAgain })
        : processLines(event, context, work),
    );
}

/** If this throws, Lambda retries, and finally moves the lines to the job's dead-letter queue. */
async function processLines(
  event: CloudWatchLogsEvent,
  context: Context,
  work: Work,
): Promise<SQSBatchResponse> {
  await work(JSON.stringify(event), deadlineOf(context));
  return { batchItemFailures: [] };
}

function deadlineOf(context: Context): AbortSignal {
  return AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - STOP_NOTICE));
}

async function processMessages(
  event: SQSEvent,
  context: Context,
  { work, sendAgain }: { readonly work: Work; readonly sendAgain: SendAgain },
): Promise<SQSBatchResponse> {
  const signal = deadlineOf(context);
  const failed: string[] = [];
  const notStarted: SQSRecord[] = [];
  for (const record of event.Records) {
    const { messageId, body, attributes } = record;
    // Work that starts after the deadline would do nothing and count as done.
    if (signal.aborted) {
      notStarted.push(record);
      continue;
    }
    try {
      await work(body, signal);
    } catch (error) {
      const attempt = Number(attributes.ApproximateReceiveCount);
      log.error('message failed', { message_id: messageId, attempt, error });
      metrics.addMetric('FailedMessages', MetricUnit.Count, 1);
      failed.push(messageId);
    }
  }
  if (notStarted.length > 0) {
    log.info('messages sent again', { messages: notStarted.length });
    await sendAgain(notStarted.map(({ body }) => body));
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
