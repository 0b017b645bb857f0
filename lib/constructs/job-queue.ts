import { Duration } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** How a job receives messages. */
export interface JobQueueProps {
  /** The delay before a failed message is redelivered, and the maximum number of attempts. */
  readonly retryAfter: Duration;
  readonly attempts: number;
  readonly batchSize: number;
  /** How long to collect messages for a batch. */
  readonly batchingWindow?: Duration;
  readonly maxConcurrency: number;
}

/** A queue with its dead-letter queue. Alarms watch both: the age of the oldest message, and any dead letter. */
export class JobQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  private readonly props: JobQueueProps;

  constructor(scope: Construct, id: string, props: JobQueueProps) {
    super(scope, id);
    this.props = props;
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(4),
      visibilityTimeout: props.retryAfter,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: props.attempts },
    });
  }

  /** Passes messages to `job`; only those it reports as failed are redelivered. */
  feed(job: LambdaFunction): void {
    job.addEventSource(
      new SqsEventSource(this.queue, {
        batchSize: this.props.batchSize,
        maxConcurrency: this.props.maxConcurrency,
        ...(this.props.batchingWindow ? { maxBatchingWindow: this.props.batchingWindow } : {}),
        reportBatchItemFailures: true,
      }),
    );
  }
}
