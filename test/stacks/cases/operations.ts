import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { families } from '../../../services/catalog.ts';
import { jobs } from '../../../services/job-list.ts';
import { propertiesOf, root, synthesize, synthesizeIngest } from '../synthesize.ts';

const { operations } = synthesizeIngest();
const alarms = propertiesOf(operations, 'AWS::CloudWatch::Alarm');
const names: string[] = alarms.map((alarm) => alarm.AlarmName);

describe('alarms', () => {
  it.each([...families, 'api', 'router', ...jobs.map(({ name }) => name)])(
    'watch errors, throttles and duration of %s',
    (name) => {
      expect(names.filter((alarm) => alarm.startsWith(`packhouse-main-${name}-function-`)).sort()).toEqual([
        `packhouse-main-${name}-function-Fault-Count-Critical`,
        `packhouse-main-${name}-function-Latency-P99-Warning`,
        `packhouse-main-${name}-function-Throttled-Count-Critical`,
      ]);
    },
  );

  it.each(jobs)('watch the age of messages and the dead letters of $name', ({ name }) => {
    expect(names.filter((alarm) => alarm.startsWith(`packhouse-main-${name}-queue-`))).toHaveLength(2);
  });

  it('watch the API, the tables and the pipe', () => {
    expect(names).toEqual(
      expect.arrayContaining([
        'packhouse-main-api-Fault-Rate-Critical',
        'packhouse-main-api-Latency-P99-Warning',
        'packhouse-main-registry-table-Read-Throttled-Events-Warning',
        'packhouse-main-registry-table-Write-Throttled-Events-Warning',
        'packhouse-main-audit-table-Write-Throttled-Events-Warning',
        'packhouse-main-events-pipe-Critical',
        'packhouse-main-events-pipe-dead-letters-Critical',
      ]),
    );
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

  it('all notify the topic', () => {
    for (const alarm of alarms)
      expect(alarm.AlarmActions).toEqual([{ Ref: expect.stringMatching(/^Alarms/) }]);
  });

  it('link to every section of the runbook, and to no other', () => {
    const runbook = readFileSync(join(root, 'lib', 'README.md'), 'utf8');
    const sections = [...runbook.matchAll(/^### (?<title>.+)$/gm)].map(({ groups }) =>
      groups?.title?.toLowerCase().replaceAll(' ', '-'),
    );
    const linked = new Set(
      alarms.map((alarm) => /Runbook: lib\/README\.md#(\S+)$/.exec(alarm.AlarmDescription)?.[1]),
    );
    expect([...linked].sort()).toEqual(sections.sort());
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
  it('is the only one of the stage, and shows CloudFront and ECS', () => {
    const dashboards = propertiesOf(operations, 'AWS::CloudWatch::Dashboard');
    expect(dashboards).toMatchObject([{ DashboardName: 'packhouse-main' }]);
    expect(JSON.stringify(dashboards)).toContain('AWS/CloudFront');
    expect(JSON.stringify(dashboards)).toContain('AWS/ECS');
  });
});
