import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { propertiesOf, synthesize } from '../synthesize.ts';

const { jobs } = synthesize();

describe('events', () => {
  it('are the new items of the outbox, and nothing else in the table', () => {
    const [pipe, ...others] = propertiesOf(jobs, 'AWS::Pipes::Pipe');
    expect(others).toEqual([]);
    const [{ Pattern }] = pipe.SourceParameters.FilterCriteria.Filters;
    expect(JSON.parse(Pattern)).toEqual({
      eventName: ['INSERT'],
      dynamodb: { Keys: { pk: { S: [{ prefix: 'EVENT#' }] } } },
    });
    expect(pipe.SourceParameters.DynamoDBStreamParameters).toMatchObject({
      StartingPosition: 'TRIM_HORIZON',
      DeadLetterConfig: { Arn: expect.anything() },
    });
    // Without a limit the pipe tries until the stream drops a record, which is a day.
    expect(pipe.SourceParameters.DynamoDBStreamParameters).not.toHaveProperty('MaximumRetryAttempts');
  });

  it('reach a queue per job as they are, and are kept when they can not be delivered', () => {
    const subscriptions = propertiesOf(jobs, 'AWS::SNS::Subscription');
    expect(subscriptions).toHaveLength(2);
    for (const subscription of subscriptions) {
      expect(subscription).toMatchObject({
        Protocol: 'sqs',
        RawMessageDelivery: true,
        RedrivePolicy: expect.anything(),
      });
    }
  });
});

describe('queues', () => {
  const queues = propertiesOf(jobs, 'AWS::SQS::Queue');

  it('have dead letters that are kept for two weeks', () => {
    const [working, dead] = [queues.filter((q) => q.RedrivePolicy), queues.filter((q) => !q.RedrivePolicy)];
    expect(working).toHaveLength(2);
    for (const queue of working) expect(queue.RedrivePolicy.maxReceiveCount).toBe(5);
    expect(dead).toHaveLength(3);
    for (const queue of dead) expect(queue.MessageRetentionPeriod).toBe(14 * 24 * 3600);
  });

  it('are encrypted', () => {
    for (const queue of queues) expect(queue.SqsManagedSseEnabled).toBe(true);
  });

  it('bring only failed messages again', () => {
    const sources = propertiesOf(jobs, 'AWS::Lambda::EventSourceMapping');
    expect(sources).toHaveLength(2);
    for (const source of sources) expect(source.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
  });

  it('hide a message for six times as long as a function may run', () => {
    const timeouts = propertiesOf(jobs, 'AWS::Lambda::Function').map((made) => made.Timeout);
    for (const { VisibilityTimeout } of queues.filter((queue) => queue.RedrivePolicy)) {
      expect(timeouts).toContain(VisibilityTimeout / 6);
    }
  });
});

describe('the sweep', () => {
  it('is asked for every day, through its queue', () => {
    jobs.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 day)',
      Targets: [Match.objectLike({ Input: '{"job":"sweep"}' })],
    });
  });
});

describe('the bootstrap', () => {
  it('runs when the stack is made, again when its code changes, and is not waited for long', () => {
    jobs.hasResourceProperties('Custom::RootUser', {
      ServiceTimeout: '300',
      code: Match.objectLike({ 'Fn::GetAtt': [Match.stringLikeRegexp('CurrentVersion'), 'Version'] }),
    });
  });
});
