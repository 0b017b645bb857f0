import { MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { CloudWatchLogsEvent, Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
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

/**
 * Passes the messages to `work` one after the other. Only failed messages are reported to the queue and
 * redelivered; a job must tolerate repeated messages.
 */
export function queueHandler(work: Work): QueueHandler {
  return middy<SQSEvent | CloudWatchLogsEvent, SQSBatchResponse>()
    .use(observe())
    .handler((event: SQSEvent | CloudWatchLogsEvent, context: Context) =>
      'Records' in event ? processMessages(event, context, work) : processLines(event, context, work),
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

async function processMessages(event: SQSEvent, context: Context, work: Work): Promise<SQSBatchResponse> {
  const signal = deadlineOf(context);
  const failed: string[] = [];
  for (const { messageId, body, attributes } of event.Records) {
    try {
      // Work that starts after the deadline would do nothing and count as done.
      signal.throwIfAborted();
      await work(body, signal);
    } catch (error) {
      const attempt = Number(attributes.ApproximateReceiveCount);
      log.error('message failed', { message_id: messageId, attempt, error });
      metrics.addMetric('FailedMessages', MetricUnit.Count, 1);
      failed.push(messageId);
    }
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
