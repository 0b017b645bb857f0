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

/** The link to a section of the runbook; every section named here stands in `lib/README.md`. */
export type Runbook = (section: string) => string;

/** Requests that failed on our side, and those that took long. */
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

/** A function that throws, is held back, or nears its timeout. */
export function functionAlarms(slow: Duration, runbook: Runbook): LambdaFunctionMonitoringOptions {
  return {
    addFaultCountAlarm: {
      Critical: {
        maxErrorCount: 2,
        alarmDescriptionOverride: 'The function failed or ran into its timeout.',
        runbookLink: runbook('function-errors'),
      },
    },
    addThrottlesCountAlarm: {
      Critical: {
        maxErrorCount: 0,
        alarmDescriptionOverride: 'The function was called more often at once than the account allows.',
        runbookLink: runbook('function-throttles'),
      },
    },
    addLatencyP99Alarm: {
      Warning: {
        maxLatency: Duration.seconds(Math.round(slow.toSeconds() * 0.8)),
        alarmDescriptionOverride: 'The slowest 1 % of the calls came near the timeout.',
        runbookLink: runbook('function-duration'),
      },
    },
  };
}

/** Messages that wait too long, and any that were given up. */
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
        alarmDescriptionOverride: 'A message failed every time and was given up.',
        runbookLink: runbook('dead-letters'),
      },
    },
  };
}

/** Reads and writes that a table refused because there were too many, and its own failures. */
export function tableAlarms(runbook: Runbook): DynamoTableMonitoringOptions {
  const throttled = {
    Warning: {
      maxThrottledEventsThreshold: 0,
      alarmDescriptionOverride: 'The table refused requests because there were too many for one partition.',
      runbookLink: runbook('table-throttles'),
    },
  };
  return {
    addReadThrottledEventsCountAlarm: throttled,
    addWriteThrottledEventsCountAlarm: throttled,
    addSystemErrorCountAlarm: {
      Warning: {
        maxErrorCount: 5,
        alarmDescriptionOverride: 'DynamoDB itself failed to answer.',
        runbookLink: runbook('table-errors'),
      },
    },
  };
}

/** A pipe that can't deliver events, and parts of the stream that it gave up. */
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
                alarmDescriptionOverride:
                  'Events of the table could not be handed to the jobs; they are tried again.',
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
                alarmDescriptionOverride: 'Events of the table were given up before a job had them.',
                runbookLink: runbook('events-lost'),
              },
            },
          },
        ],
      },
    ],
  };
}
