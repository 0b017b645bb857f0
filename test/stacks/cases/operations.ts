import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { families } from '../../../services/catalog.ts';
import { jobs } from '../../../services/job-list.ts';
import { propertiesOf, root, synthesize, synthesizeIngest, warningsOf } from '../synthesize.ts';

const { operations } = synthesizeIngest();
const alarms = propertiesOf(operations, 'AWS::CloudWatch::Alarm');
const names: string[] = alarms.map((alarm) => alarm.AlarmName);

describe('alarms', () => {
  it.each(jobs)('watch errors, the age of messages and the dead letters of $name', ({ name }) => {
    expect(names.filter((alarm) => alarm.startsWith(`packhouse-main-jobs-${name}-`)).sort()).toEqual([
      `packhouse-main-jobs-${name}-age-Warning`,
      `packhouse-main-jobs-${name}-dead-letters-Critical`,
      `packhouse-main-jobs-${name}-errors-Critical`,
    ]);
  });

  it('watch the API, the functions, the tables and the pipe', () => {
    expect(names).toEqual(
      expect.arrayContaining([
        'packhouse-main-api-Fault-Count-Warning',
        'packhouse-main-api-Fault-Rate-Critical',
        'packhouse-main-api-Latency-P99-Warning',
        'packhouse-main-functions-error-lines-Warning',
        'packhouse-main-functions-throttles-Critical',
        'packhouse-main-tables-registry-read-throttles-Warning',
        'packhouse-main-tables-registry-write-throttles-Warning',
        'packhouse-main-tables-registry-index-throttles-Warning',
        'packhouse-main-tables-registry-transaction-throttles-Warning',
        'packhouse-main-tables-registry-conflicts-Warning',
        'packhouse-main-tables-audit-write-throttles-Warning',
        'packhouse-main-events-pipe-Critical',
        'packhouse-main-events-pipe-dead-letters-Critical',
      ]),
    );
  });

  it('report an outage of which few requests tell, at once', () => {
    operations.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'packhouse-main-api-Fault-Count-Warning',
      Threshold: 2,
      EvaluationPeriods: 1,
      DatapointsToAlarm: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  it('count the error lines of every log, by the level that each host writes', () => {
    const filters = propertiesOf(operations, 'AWS::Logs::MetricFilter');
    // Families, api, router, jobs, bootstrap, ingest.
    expect(filters).toHaveLength(families.length + jobs.length + 4);
    for (const filter of filters) {
      expect(filter.FilterPattern).toBe('{ ($.level = "ERROR") || ($.level = "error") }');
      expect(filter.MetricTransformations).toMatchObject([
        { MetricNamespace: 'Packhouse/main', MetricName: 'ErrorLines', MetricValue: '1' },
      ]);
    }
    operations.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'packhouse-main-functions-error-lines-Warning',
      Threshold: 0,
      DatapointsToAlarm: 1,
    });
    expect(metricsOf('functions-error-lines-Warning')).toMatchObject([
      { Namespace: 'Packhouse/main', MetricName: 'ErrorLines' },
    ]);
  });

  it('watch the throttles of both indexes, which the metrics of the table do not include', () => {
    const seen = metricsOf('tables-registry-index-throttles-Warning').map(({ MetricName, Dimensions }) => [
      MetricName,
      Dimensions.find(({ Name }) => Name === 'GlobalSecondaryIndexName')?.Value,
    ]);
    expect(seen.sort()).toEqual([
      ['ReadThrottleEvents', 'index1'],
      ['ReadThrottleEvents', 'index2'],
      ['WriteThrottleEvents', 'index1'],
      ['WriteThrottleEvents', 'index2'],
    ]);
  });

  it('watch the throttles of transactions and their conflicts', () => {
    expect(metricsOf('tables-registry-transaction-throttles-Warning')).toMatchObject([
      {
        MetricName: 'ThrottledRequests',
        Dimensions: [{ Name: 'Operation', Value: 'TransactWriteItems' }, { Name: 'TableName' }],
      },
    ]);
    expect(metricsOf('tables-registry-conflicts-Warning')).toMatchObject([
      { MetricName: 'TransactionConflict', Dimensions: [{ Name: 'TableName' }] },
    ]);
  });

  it('use at most 40 metrics in a stage without ingest, since each is paid for', () => {
    const plain = propertiesOf(synthesize().operations, 'AWS::CloudWatch::Alarm');
    const metrics = plain.flatMap(
      ({ Metrics }) => Metrics?.filter((one: object) => 'MetricStat' in one) ?? [1],
    );
    expect(metrics.length).toBeLessThanOrEqual(40);
  });

  it('watch the ingest service only in a stage that has one', () => {
    const ofIngest = [
      'packhouse-main-uploads-server-errors-Critical',
      'packhouse-main-uploads-load-balancer-errors-Critical',
      'packhouse-main-ingest-Healthy-Tasks-Critical',
      'packhouse-main-ingest-Unhealthy-Tasks-Warning',
      'packhouse-main-ingest-CPU-Usage-Warning',
      'packhouse-main-ingest-Memory-Usage-Warning',
      'packhouse-main-ingest-Running-Tasks-High-Warning',
    ];
    expect(names).toEqual(expect.arrayContaining(ofIngest));
    const withoutIngest = propertiesOf(synthesize().operations, 'AWS::CloudWatch::Alarm');
    expect(withoutIngest).toHaveLength(alarms.length - ofIngest.length);
  });

  it('report missing tasks even when no task runs', () => {
    operations.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'packhouse-main-ingest-Healthy-Tasks-Critical',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 2,
      TreatMissingData: 'breaching',
    });
  });

  it('leave out the one for the maximum number of tasks when the number is fixed', () => {
    const fixed = synthesizeIngest({ ingestTasks: 3, ingestMaxTasks: 3 }).operations;
    const all = propertiesOf(fixed, 'AWS::CloudWatch::Alarm').map((alarm) => alarm.AlarmName);
    expect(all).not.toContain('packhouse-main-ingest-Running-Tasks-High-Warning');
    expect(all).toContain('packhouse-main-ingest-Healthy-Tasks-Critical');
  });

  it('all notify the topic, also when they are over', () => {
    for (const alarm of alarms) {
      expect(alarm.AlarmActions).toEqual([{ Ref: expect.stringMatching(/^Alarms/) }]);
      expect(alarm.OKActions).toEqual(alarm.AlarmActions);
    }
  });

  it('link to every section of the runbook, and to no other', () => {
    const runbook = readFileSync(join(root, 'lib', 'README.md'), 'utf8');
    const sections = [...runbook.matchAll(/^### (?<title>.+)$/gm)].map(({ groups }) =>
      groups?.title?.toLowerCase().replaceAll(' ', '-'),
    );
    const withRunbook = synthesizeIngest({
      runbook: 'https://code.example/packhouse/lib/README.md',
    }).operations;
    const linked = new Set(
      propertiesOf(withRunbook, 'AWS::CloudWatch::Alarm').map(
        ({ AlarmDescription }) =>
          /Runbook: https:\/\/code\.example\/packhouse\/lib\/README\.md#(\S+)$/.exec(AlarmDescription)?.[1],
      ),
    );
    expect([...linked].sort()).toEqual(sections.sort());
  });

  it('take the address of the runbook from a parameter of the stack if no setting has it', () => {
    operations.hasParameter('RunbookUrl', { AllowedPattern: '^(https?://[^ #]+|lib/README\\.md)$' });
    for (const { AlarmDescription } of alarms) {
      expect(AlarmDescription['Fn::Join'][1]).toContainEqual({ Ref: 'RunbookUrl' });
    }
    const withRunbook = synthesizeIngest({
      runbook: 'https://code.example/packhouse/lib/README.md',
    }).operations;
    expect(withRunbook.findParameters('RunbookUrl')).toEqual({});
  });

  it.each([
    ['nobody is subscribed', { alarmsSubscribed: false }, 1],
    ['an e-mail address is set', { alarmsSubscribed: false, alarmEmail: 'ops@example.com' }, 0],
    ['somebody is said to be subscribed', { alarmsSubscribed: true }, 0],
  ])('cause a warning at synthesis or not: %s', (_, settings, warnings) => {
    expect(warningsOf(settings).filter((text) => text.includes('Nobody gets the alarms'))).toHaveLength(
      warnings,
    );
  });

  it('can be published to their topic by CloudWatch', () => {
    const [{ PolicyDocument }] = propertiesOf(operations, 'AWS::SNS::TopicPolicy');
    expect(PolicyDocument.Statement).toContainEqual(
      expect.objectContaining({ Effect: 'Allow', Principal: { Service: 'cloudwatch.amazonaws.com' } }),
    );
  });

  it('are sent by e-mail only when the settings have an address', () => {
    expect(propertiesOf(operations, 'AWS::SNS::Subscription')).toEqual([]);
    const { operations: withEmail } = synthesize({ alarmEmail: 'ops@example.com' });
    withEmail.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'ops@example.com',
    });
  });
});

describe('the dashboard', () => {
  const dashboards = propertiesOf(operations, 'AWS::CloudWatch::Dashboard');

  it('is the only one of the stage, and shows CloudFront and ECS', () => {
    expect(dashboards).toMatchObject([{ DashboardName: 'packhouse-main' }]);
    expect(JSON.stringify(dashboards)).toContain('AWS/CloudFront');
    expect(JSON.stringify(dashboards)).toContain('AWS/ECS');
  });

  it('has at most 20 graphs and 50 metrics, and no line for what a stage does not use', () => {
    const [plain] = propertiesOf(synthesize().operations, 'AWS::CloudWatch::Dashboard');
    const text = JSON.stringify(plain);
    expect(text.match(/\\"view\\"/g)?.length).toBeLessThanOrEqual(20);
    expect(text.match(/AWS\/|Packhouse\//g)?.length).toBeLessThanOrEqual(50);
    expect(text).not.toContain('Provisioned');
  });
});

/** The metrics that an alarm computes its value from. */
function metricsOf(name: string): StatMetric[] {
  const alarm = alarms.find(({ AlarmName }) => AlarmName === `packhouse-main-${name}`);
  return alarm.Metrics.flatMap(({ MetricStat }: { MetricStat?: { Metric: StatMetric } }) =>
    MetricStat ? [MetricStat.Metric] : [],
  );
}

interface StatMetric {
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
}
