import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnPipe } from 'aws-cdk-lib/aws-pipes';
import { FilterOrPolicy, SubscriptionFilter, Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { JobQueue } from './job-queue.ts';

/** Matches new items of the outbox only. */
const OUTBOX_INSERTS = { eventName: ['INSERT'], dynamodb: { Keys: { pk: { S: [{ prefix: 'EVENT#' }] } } } };

/**
 * Delivers the events in the table's outbox to every job that subscribes to them: stream -> pipe -> topic -> a
 * queue per job.
 *
 * One pipe and a topic, not a pipe per job: a stream is throttled with more than two readers, so a third job could
 * not get a pipe of its own. A topic can have many subscribers, and a stalled queue does not hold up the others.
 */
export class EventFanOut extends Construct {
  readonly pipe: CfnPipe;
  readonly topic: Topic;
  /** The stream records that the pipe gave up on. It retries until the stream itself drops a record. */
  readonly deadLetters: Queue;

  /** `source` is the ARN of the table's stream. */
  constructor(scope: Construct, id: string, source: string) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { displayName: 'Package registry events', enforceSSL: true });
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this.deadLetters).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'This is the dead-letter queue of a pipe, which cdk-nag does not recognize.',
    });
    const role = this.makeRole(source);
    this.pipe = new CfnPipe(this, 'Pipe', {
      description: 'Events of the package registry, from the table to the jobs',
      roleArn: role.roleArn,
      source,
      sourceParameters: {
        dynamoDbStreamParameters: {
          startingPosition: 'TRIM_HORIZON',
          batchSize: 10,
          onPartialBatchItemFailure: 'AUTOMATIC_BISECT',
          deadLetterConfig: { arn: this.deadLetters.queueArn },
        },
        filterCriteria: { filters: [{ pattern: JSON.stringify(OUTBOX_INSERTS) }] },
      },
      target: this.topic.topicArn,
    });
    // The pipe checks its permissions on creation, so they must exist first.
    this.pipe.node.addDependency(role);
  }

  /** Delivers events of some or all types to the job's queue, as raw stream records. */
  deliverTo(job: JobQueue, types: 'all' | readonly string[]): void {
    this.topic.addSubscription(
      new SqsSubscription(job.queue, {
        rawMessageDelivery: true,
        deadLetterQueue: job.deadLetters,
        ...(types !== 'all' && { filterPolicyWithMessageBody: ofTypes(types) }),
      }),
    );
  }

  private makeRole(streamArn: string): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('pipes.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    const stream = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];
    role.addToPolicy(
      new PolicyStatement({ actions: stream.map((action) => `dynamodb:${action}`), resources: [streamArn] }),
    );
    this.topic.grantPublish(role);
    this.deadLetters.grantSendMessages(role);
    return role;
  }
}

/** Outbox items have the event's type as a separate attribute, where the topic can filter by it. */
function ofTypes(allowlist: readonly string[]): Record<string, FilterOrPolicy> {
  const type = FilterOrPolicy.filter(SubscriptionFilter.stringFilter({ allowlist: [...allowlist] }));
  const nested = (name: string, inner: FilterOrPolicy) => FilterOrPolicy.policy({ [name]: inner });
  return { dynamodb: nested('NewImage', nested('type', nested('S', type))) };
}
