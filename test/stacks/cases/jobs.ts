import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { families } from '../../../services/catalog.ts';
import type { EventType } from '../../../services/domain/events.ts';
import { type Job, jobs as jobList } from '../../../services/job-list.ts';
import { type EventFacts, recordEvent } from '../../../services/registry/events/record-event.ts';
import { DOWNLOAD_MESSAGE, TOKEN_MESSAGE } from '../../../services/runtime/download-log.ts';
import { scheduledRun } from '../../../services/runtime/job-worker.ts';
import { propertiesOf, synthesize } from '../synthesize.ts';

const { jobs } = synthesize();
const fromOutbox = (jobList as readonly Job[]).filter(({ from }) => from === undefined);

describe('events', () => {
  it('are the new items of the outbox, and no other items of the table', () => {
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
    // Without a limit the pipe retries until the stream drops the record, which is after a day.
    expect(pipe.SourceParameters.DynamoDBStreamParameters).not.toHaveProperty('MaximumRetryAttempts');
  });

  it('reach one queue per job unchanged, and are kept when they cannot be delivered', () => {
    const subscriptions = propertiesOf(jobs, 'AWS::SNS::Subscription');
    expect(subscriptions).toHaveLength(fromOutbox.length);
    for (const subscription of subscriptions) {
      expect(subscription).toMatchObject({
        Protocol: 'sqs',
        RawMessageDelivery: true,
        RedrivePolicy: expect.anything(),
      });
    }
  });
});

describe('the topic', () => {
  it.each(fromOutbox)('sends the $name job only the events of its list', ({ name, events }) => {
    const filters = propertiesOf(jobs, 'AWS::SNS::Subscription')
      .filter(({ Endpoint }) => Endpoint['Fn::GetAtt'][0].toLowerCase().startsWith(`${name}queue`))
      .map(({ FilterPolicy, FilterPolicyScope }) => ({ FilterPolicy, FilterPolicyScope }));
    const types = events === 'all' ? [] : events.map((type) => storedType(type));
    const policy = { dynamodb: { NewImage: { type: { S: types } } } };
    expect(filters).toEqual([
      events === 'all' ? {} : { FilterPolicy: policy, FilterPolicyScope: 'MessageBody' },
    ]);
  });

  it('filters by the attribute in which the outbox stores the type of an event', () => {
    expect(storedType('package_published')).toBe('package_published');
    // Functions of an earlier release write and filter by this name while a later one is deployed.
    expect(storedType('name_added')).toBe('name_listed');
  });

  function storedType(type: EventType): unknown {
    const write = recordEvent(0, { ...facts, type, details: {} } as EventFacts);
    return 'put' in write && write.put.type;
  }

  const facts = {
    actor: { kind: 'system', id: 0, name: 'system' },
    ...{ projectId: 1, projectPath: 'a/b', format: 'npm', name: 'x', version: '1.0.0' },
  } as const;
});

describe('downloads', () => {
  const filters = propertiesOf(jobs, 'AWS::Logs::SubscriptionFilter');

  it('are read from the logs of all functions that serve files', () => {
    expect(filters).toHaveLength(families.length + 2);
    expect(new Set(filters.map(({ LogGroupName }) => JSON.stringify(LogGroupName))).size).toBe(
      filters.length,
    );
    for (const { FilterPattern } of filters) {
      expect(FilterPattern).toBe(`{ $.message = "${DOWNLOAD_MESSAGE}" || $.message = "${TOKEN_MESSAGE}" }`);
    }
  });

  it('are accepted only from the logs of the API stack', () => {
    const permissions = propertiesOf(jobs, 'AWS::Lambda::Permission').filter(
      ({ Principal }) => Principal === 'logs.amazonaws.com',
    );
    expect(permissions).toHaveLength(1);
    expect(permissions[0].SourceAccount).toEqual({ Ref: 'AWS::AccountId' });
    expect(JSON.stringify(permissions[0].SourceArn)).toContain(':log-group:packhouse-main-api-*:*');
  });

  it('go to the dead letters when they cannot be counted', () => {
    const [config, ...others] = propertiesOf(jobs, 'AWS::Lambda::EventInvokeConfig');
    expect(others).toEqual([]);
    expect(JSON.stringify(config.DestinationConfig.OnFailure)).toContain('DownloadsQueueDeadLetters');
  });
});

describe('queues', () => {
  const queues = propertiesOf(jobs, 'AWS::SQS::Queue');

  it('keep dead letters for two weeks', () => {
    const [working, dead] = [queues.filter((q) => q.RedrivePolicy), queues.filter((q) => !q.RedrivePolicy)];
    expect(working).toHaveLength(jobList.length);
    for (const queue of working) expect(queue.RedrivePolicy.maxReceiveCount).toBe(5);
    expect(dead).toHaveLength(jobList.length + 1);
    for (const queue of dead) expect(queue.MessageRetentionPeriod).toBe(14 * 24 * 3600);
  });

  it('are encrypted', () => {
    for (const queue of queues) expect(queue.SqsManagedSseEnabled).toBe(true);
  });

  it('redeliver only the failed messages of a batch', () => {
    const sources = propertiesOf(jobs, 'AWS::Lambda::EventSourceMapping');
    expect(sources).toHaveLength(jobList.length);
    for (const source of sources) expect(source.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
  });

  it('have a visibility timeout of six times the timeout of a function', () => {
    const timeouts = propertiesOf(jobs, 'AWS::Lambda::Function').map(({ Timeout }) => Timeout);
    for (const { VisibilityTimeout } of queues.filter((queue) => queue.RedrivePolicy)) {
      expect(timeouts).toContain(VisibilityTimeout / 6);
    }
  });
});

describe('scheduled jobs', () => {
  const scheduled = jobList.filter((job: Job) => job.schedule !== undefined);

  it.each(scheduled)('start the $name job through its queue', ({ name }) => {
    jobs.hasResourceProperties('AWS::Events::Rule', {
      Targets: [Match.objectLike({ Input: scheduledRun(name) })],
    });
  });

  it('start every six hours', () => {
    const rules = propertiesOf(jobs, 'AWS::Events::Rule').map((rule) => rule.ScheduleExpression);
    expect(rules).toEqual(['rate(6 hours)']);
  });
});

describe('the bootstrap', () => {
  it('runs when the stack is created or its code changes, with a timeout of six minutes', () => {
    jobs.hasResourceProperties('Custom::RootUser', {
      ServiceTimeout: '360',
      code: Match.objectLike({ 'Fn::GetAtt': [Match.stringLikeRegexp('CurrentVersion'), 'Version'] }),
    });
  });
});
