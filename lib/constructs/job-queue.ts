import { Duration } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** How a job takes messages. */
export interface JobQueueProps {
  /** When a message that failed comes again, and how often it is tried. */
  readonly retryAfter: Duration;
  readonly attempts: number;
  readonly batchSize: number;
  /** How long messages are gathered for a batch. */
  readonly batchingWindow?: Duration;
  readonly maxConcurrency: number;
}

/** A queue with its dead letters. Operations watch both: the age of the oldest message, and any dead letter at all. */
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

  /** Hands messages to `job`; only those it names as failed come again. */
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
