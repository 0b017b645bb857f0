import { Duration } from 'aws-cdk-lib';
import {
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type {
  ApiGatewayV2MonitoringOptions,
  CustomMetricWithAlarm,
  CustomMonitoringProps,
  CustomThreshold,
} from 'cdk-monitoring-constructs';
import type { EventFanOut } from './constructs/event-fan-out.ts';
import type { RegistryFunction } from './constructs/registry-function.ts';
import type { TableAccess } from './constructs/table-access.ts';
import type { StageSettings } from './settings.ts';
import type { DeployedJob } from './stacks/jobs-stack.ts';

/** Links to a section of the runbook in `lib/README.md`. */
export type Runbook = (section: string) => string;

/** Where the error lines of all logs of a stage are counted: one metric, whatever number of functions there are. */
export function errorLines({ stage }: Pick<StageSettings, 'stage'>) {
  return { metricNamespace: `Packhouse/${stage}`, metricName: 'ErrorLines' } as const;
}

/** Failed and slow requests. Throttled and failing functions are among them: the gateway answers for them with 5xx. */
export function apiAlarms(runbook: Runbook): ApiGatewayV2MonitoringOptions {
  return {
    // By number, since an outage at night may meet a few requests only.
    add5xxCountAlarm: {
      Warning: {
        maxErrorCount: 2,
        datapointsToAlarm: 1,
        evaluationPeriods: 1,
        alarmDescriptionOverride: 'More than two requests in five minutes ended in a server error.',
        runbookLink: runbook('api-errors'),
      },
    },
    add5xxRateAlarm: {
      Critical: {
        maxErrorRate: 0.01,
        minSampleCountToEvaluateDatapoint: 20,
        alarmDescriptionOverride: 'More than 1 % of the requests ended in a server error.',
        runbookLink: runbook('api-errors'),
      },
    },
    addLatencyP99Alarm: {
      Warning: {
        maxLatency: Duration.seconds(5),
        minSampleCountToEvaluateDatapoint: 20,
        alarmDescriptionOverride: 'The slowest 1 % of the requests took longer than 5 seconds.',
        runbookLink: runbook('api-latency'),
      },
    },
    latencyTypesToRender: [],
  };
}

/** Raised in the first five minutes above the threshold. */
const atOnce = { datapointsToAlarm: 1, evaluationPeriods: 1 } as const;

/** A metric with an alarm for values above a threshold. No data means that all is well. */
function above(
  threshold: number,
  metric: Metric | MathExpression,
  alarmFriendlyName: string,
  {
    level,
    text,
    runbookLink,
    ...more
  }: Partial<CustomThreshold> & {
    level: 'Critical' | 'Warning';
    text: string;
    runbookLink: string;
  },
): CustomMetricWithAlarm {
  return {
    metric,
    alarmFriendlyName,
    addAlarm: {
      [level]: {
        threshold,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        treatMissingDataOverride: TreatMissingData.NOT_BREACHING,
        alarmDescriptionOverride: text,
        runbookLink,
        ...more,
      },
    },
  };
}

/**
 * Error lines in the logs, and throttled functions. Both are alarms over all functions. The account's limit on
 * concurrency throttles them together, and an alarm for each would cost as much as everything else.
 */
export function functionAlarms(
  settings: Pick<StageSettings, 'stage'>,
  functions: ReadonlyMap<string, RegistryFunction>,
  runbook: Runbook,
): CustomMonitoringProps {
  const { metricNamespace: namespace, metricName } = errorLines(settings);
  const lines = new Metric({
    namespace,
    metricName,
    statistic: Stats.SUM,
    label: 'Lines',
  });
  const throttles = new Metric({
    namespace: 'AWS/Lambda',
    metricName: 'Throttles',
    statistic: Stats.SUM,
    label: 'All functions of the account',
  });
  return {
    humanReadableName: 'Functions',
    alarmFriendlyName: 'functions',
    metricGroups: [
      {
        title: 'Error lines in logs',
        metrics: [
          above(0, lines, 'error-lines', {
            level: 'Warning',
            text: 'A function or the ingest service logged an error.',
            runbookLink: runbook('error-lines'),
            ...atOnce,
          }),
        ],
      },
      {
        title: 'Throttles',
        metrics: [
          above(0, throttles, 'throttles', {
            level: 'Critical',
            text: 'Functions were throttled: the account has reached its concurrency limit.',
            runbookLink: runbook('function-throttles'),
          }),
        ],
      },
      {
        title: 'Duration of requests, p99',
        metrics: [...functions].map(([label, { lambda }]) =>
          lambda.metricDuration({ statistic: Stats.p(99), label }),
        ),
      },
    ],
  };
}

/** Jobs that fail or time out, messages that wait too long, and dead letters. */
export function jobAlarms(jobs: readonly DeployedJob[], runbook: Runbook): CustomMonitoringProps {
  return {
    humanReadableName: 'Jobs',
    alarmFriendlyName: 'jobs',
    metricGroups: [
      {
        title: 'Failed or timed out',
        metrics: jobs.map(({ job: { name }, worker }) =>
          above(2, worker.lambda.metricErrors({ statistic: Stats.SUM, label: name }), `${name}-errors`, {
            level: 'Critical',
            text: `The function of the job ${name} failed or timed out.`,
            runbookLink: runbook('function-errors'),
          }),
        ),
      },
      {
        title: 'Age of the oldest message',
        metrics: jobs.map(({ job: { name, maxAge }, queue }) =>
          above(
            maxAge,
            queue.queue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM, label: name }),
            `${name}-age`,
            {
              level: 'Warning',
              text: `The oldest message of the job ${name} has waited too long.`,
              runbookLink: runbook('old-messages'),
            },
          ),
        ),
      },
      {
        title: 'Dead letters',
        metrics: jobs.map(({ job: { name }, queue }) =>
          above(
            0,
            queue.deadLetters.metricApproximateNumberOfMessagesVisible({
              statistic: Stats.MAXIMUM,
              label: name,
            }),
            `${name}-dead-letters`,
            {
              level: 'Critical',
              text: `A message of the job ${name} failed on every attempt and is now a dead letter.`,
              runbookLink: runbook('dead-letters'),
              ...atOnce,
            },
          ),
        ),
      },
    ],
  };
}

/** Conflicts of transactions in five minutes that mean contention. A few are normal, and retried. */
const MANY_CONFLICTS = 300;

/**
 * Throttled reads and writes of the tables, their indexes and their transactions, and transactions in conflict. The
 * metrics of a table do not include those of its indexes. Failures of DynamoDB itself appear as error lines.
 */
export function tableAlarms(
  { registry, audit }: { readonly registry: TableAccess; readonly audit: TableAccess },
  runbook: Runbook,
): CustomMonitoringProps {
  const throttled = (metric: Metric | MathExpression, name: string, what: string) =>
    above(0, metric, name, {
      level: 'Warning',
      text: `DynamoDB throttled ${what}, because there were too many for one partition.`,
      runbookLink: runbook('table-throttles'),
    });
  const reads = (table: TableAccess, label: string) => tableMetric(table, 'ReadThrottleEvents', { label });
  const writes = (table: TableAccess, label: string) => tableMetric(table, 'WriteThrottleEvents', { label });
  return {
    humanReadableName: 'Tables',
    alarmFriendlyName: 'tables',
    metricGroups: [
      {
        title: 'Throttled',
        metrics: [
          throttled(reads(registry, 'Reads'), 'registry-read-throttles', 'reads of the registry table'),
          throttled(writes(registry, 'Writes'), 'registry-write-throttles', 'writes of the registry table'),
          throttled(indexThrottles(registry), 'registry-index-throttles', 'an index of the registry table'),
          throttled(
            tableMetric(registry, 'ThrottledRequests', {
              label: 'Transactions',
              dimensions: { Operation: 'TransactWriteItems' },
            }),
            'registry-transaction-throttles',
            'transactions of the registry table',
          ),
          throttled(writes(audit, 'Audit writes'), 'audit-write-throttles', 'writes of the audit table'),
          throttled(reads(audit, 'Audit reads'), 'audit-read-throttles', 'reads of the audit table'),
        ],
      },
      {
        title: 'Transactions in conflict',
        metrics: [
          above(
            MANY_CONFLICTS,
            tableMetric(registry, 'TransactionConflict', { label: 'Conflicts' }),
            'registry-conflicts',
            {
              level: 'Warning',
              text: 'Many transactions changed the same items at the same time.',
              runbookLink: runbook('transaction-conflicts'),
            },
          ),
        ],
      },
    ],
  };
}

interface TableMetricOptions {
  readonly label?: string;
  readonly dimensions?: Readonly<Record<string, string>>;
}

function tableMetric(
  { tableName }: TableAccess,
  metricName: string,
  { label, dimensions }: TableMetricOptions,
): Metric {
  return new Metric({
    namespace: 'AWS/DynamoDB',
    metricName,
    dimensionsMap: { TableName: tableName, ...dimensions },
    statistic: Stats.SUM,
    ...(label !== undefined && { label }),
  });
}

/** The throttled reads and writes of both indexes. */
function indexThrottles(table: TableAccess): MathExpression {
  const metrics: Record<string, IMetric> = {};
  for (const index of ['index1', 'index2']) {
    const dimensions = { GlobalSecondaryIndexName: index };
    metrics[`${index}reads`] = tableMetric(table, 'ReadThrottleEvents', { dimensions });
    metrics[`${index}writes`] = tableMetric(table, 'WriteThrottleEvents', { dimensions });
  }
  const sum = Object.keys(metrics).map((id) => `FILL(${id}, 0)`);
  return new MathExpression({ expression: sum.join(' + '), usingMetrics: metrics, label: 'Indexes' });
}

/** A pipe that can't deliver events, and records that it gave up on. */
export function pipeAlarms(events: EventFanOut, runbook: Runbook): CustomMonitoringProps {
  const failed = new Metric({
    namespace: 'AWS/EventBridge/Pipes',
    metricName: 'ExecutionFailed',
    dimensionsMap: { PipeName: events.pipe.ref },
    statistic: Stats.SUM,
    label: 'Failed deliveries',
  });
  const lost = events.deadLetters.metricApproximateNumberOfMessagesVisible({ label: 'Given up' });
  return {
    humanReadableName: 'Events',
    alarmFriendlyName: 'events',
    metricGroups: [
      {
        title: 'Pipe from the table to the jobs',
        metrics: [
          above(0, failed, 'pipe', {
            level: 'Critical',
            text: 'Events could not be delivered to the jobs; the pipe retries.',
            runbookLink: runbook('events-stuck'),
          }),
          above(0, lost, 'pipe-dead-letters', {
            level: 'Critical',
            text: 'Events were discarded before any job got them.',
            runbookLink: runbook('events-lost'),
          }),
        ],
      },
    ],
  };
}
