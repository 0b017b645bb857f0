import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type {
  ApiGatewayV2MonitoringOptions,
  CustomMonitoringProps,
  DynamoTableMonitoringOptions,
  LambdaFunctionMonitoringOptions,
  SqsQueueMonitoringWithDlqProps,
} from 'cdk-monitoring-constructs';
import type { EventFanOut } from './constructs/event-fan-out.ts';

/** Links to a section of the runbook in `lib/README.md`. */
export type Runbook = (section: string) => string;

/** Failed and slow requests. */
export function apiAlarms(runbook: Runbook): ApiGatewayV2MonitoringOptions {
  return {
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
  };
}

/** A function that fails, is throttled, or nears its timeout. */
export function functionAlarms(slow: Duration, runbook: Runbook): LambdaFunctionMonitoringOptions {
  return {
    addFaultCountAlarm: {
      Critical: {
        maxErrorCount: 2,
        alarmDescriptionOverride: 'The function failed or timed out.',
        runbookLink: runbook('function-errors'),
      },
    },
    addThrottlesCountAlarm: {
      Critical: {
        maxErrorCount: 0,
        alarmDescriptionOverride:
          'The function was throttled: the account has reached its concurrency limit.',
        runbookLink: runbook('function-throttles'),
      },
    },
    addLatencyP99Alarm: {
      Warning: {
        maxLatency: Duration.seconds(Math.round(slow.toSeconds() * 0.8)),
        alarmDescriptionOverride: 'The slowest 1 % of the invocations came close to the timeout.',
        runbookLink: runbook('function-duration'),
      },
    },
  };
}

/** Messages that wait too long, and dead letters. */
export function queueAlarms(
  maxAge: Duration,
  runbook: Runbook,
): Pick<SqsQueueMonitoringWithDlqProps, 'addQueueMaxMessageAgeAlarm' | 'addDeadLetterQueueMaxSizeAlarm'> {
  return {
    addQueueMaxMessageAgeAlarm: {
      Warning: {
        maxAgeInSeconds: maxAge.toSeconds(),
        alarmDescriptionOverride: 'The oldest message of the queue has waited too long.',
        runbookLink: runbook('old-messages'),
      },
    },
    addDeadLetterQueueMaxSizeAlarm: {
      Critical: {
        maxMessageCount: 0,
        datapointsToAlarm: 1,
        evaluationPeriods: 1,
        alarmDescriptionOverride: 'A message failed on every attempt and is now a dead letter.',
        runbookLink: runbook('dead-letters'),
      },
    },
  };
}

/** Throttled reads and writes of a table, and errors of DynamoDB itself. */
export function tableAlarms(runbook: Runbook): DynamoTableMonitoringOptions {
  const throttled = {
    Warning: {
      maxThrottledEventsThreshold: 0,
      alarmDescriptionOverride: 'The table throttled requests because there were too many for one partition.',
      runbookLink: runbook('table-throttles'),
    },
  };
  return {
    addReadThrottledEventsCountAlarm: throttled,
    addWriteThrottledEventsCountAlarm: throttled,
    addSystemErrorCountAlarm: {
      Warning: {
        maxErrorCount: 5,
        alarmDescriptionOverride: 'DynamoDB failed to respond.',
        runbookLink: runbook('table-errors'),
      },
    },
  };
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
  const aboveZero = {
    threshold: 0,
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    treatMissingDataOverride: TreatMissingData.NOT_BREACHING,
  };
  return {
    humanReadableName: 'Events',
    alarmFriendlyName: 'events',
    metricGroups: [
      {
        title: 'Pipe from the table to the jobs',
        metrics: [
          {
            alarmFriendlyName: 'pipe',
            metric: failed,
            addAlarm: {
              Critical: {
                ...aboveZero,
                alarmDescriptionOverride: 'Events could not be delivered to the jobs; the pipe retries.',
                runbookLink: runbook('events-stuck'),
              },
            },
          },
          {
            alarmFriendlyName: 'pipe-dead-letters',
            metric: lost,
            addAlarm: {
              Critical: {
                ...aboveZero,
                alarmDescriptionOverride: 'Events were discarded before any job got them.',
                runbookLink: runbook('events-lost'),
              },
            },
          },
        ],
      },
    ],
  };
}
