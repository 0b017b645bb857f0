import { MetricUnit } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { CloudWatchLogsEvent, Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { STOP_NOTICE } from '../job-worker.ts';
import { log, metrics } from './logging.ts';
import { observe } from './observe.ts';

/** What Lambda calls with messages of a queue, or with lines of a log. */
export type QueueHandler = (
  event: SQSEvent | CloudWatchLogsEvent,
  context: Context,
) => Promise<SQSBatchResponse>;

/** Does what a message asks; `signal` is aborted shortly before Lambda ends the function. */
export type Work = (message: string, signal: AbortSignal) => Promise<void>;

/**
 * Hands the messages to `work`, one after the other. The queue hears which of them failed and brings only those
 * again; a job must bear a message that comes twice.
 */
export function queueHandler(work: Work): QueueHandler {
  return middy<SQSEvent | CloudWatchLogsEvent, SQSBatchResponse>()
    .use(observe())
    .handler((event: SQSEvent | CloudWatchLogsEvent, context: Context) =>
      'Records' in event ? workOff(event, context, work) : workLines(event, context, work),
    );
}

/** Lambda repeats what throws, and puts it among the dead letters of the job in the end. */
async function workLines(
  event: CloudWatchLogsEvent,
  context: Context,
  work: Work,
): Promise<SQSBatchResponse> {
  await work(JSON.stringify(event), endOf(context));
  return { batchItemFailures: [] };
}

function endOf(context: Context): AbortSignal {
  return AbortSignal.timeout(Math.max(0, context.getRemainingTimeInMillis() - STOP_NOTICE));
}

async function workOff(event: SQSEvent, context: Context, work: Work): Promise<SQSBatchResponse> {
  const signal = endOf(context);
  const failed: string[] = [];
  for (const { messageId, body, attributes } of event.Records) {
    try {
      // Work that begins after its end was told would do nothing, and be taken for done.
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
