import { ComparisonOperator, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import {
  HttpCodeElb,
  HttpCodeTarget,
  type IApplicationLoadBalancer,
  type IApplicationTargetGroup,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type {
  BaseLoadBalancedFargateServiceMonitoringProps,
  CustomMonitoringProps,
} from 'cdk-monitoring-constructs';
import type { Runbook } from './alarms.ts';
import type { StageSettings } from './settings.ts';

/** Missing, unhealthy or overloaded tasks. */
export function ingestAlarms(
  settings: Pick<StageSettings, 'ingestTasks' | 'ingestMaxTasks'>,
  runbook: Runbook,
): BaseLoadBalancedFargateServiceMonitoringProps {
  const { ingestTasks, ingestMaxTasks } = settings;
  return {
    minAutoScalingTaskCount: ingestTasks,
    maxAutoScalingTaskCount: ingestMaxTasks,
    addHealthyTaskCountAlarm: {
      Critical: {
        minHealthyTasks: ingestTasks,
        // With no tasks at all there is no data.
        treatMissingDataOverride: TreatMissingData.BREACHING,
        alarmDescriptionOverride: 'Fewer tasks are healthy than the minimum.',
        runbookLink: runbook('ingest-tasks'),
      },
    },
    addUnhealthyTaskCountAlarm: {
      Warning: {
        maxUnhealthyTasks: 0,
        alarmDescriptionOverride:
          'A task does not respond to the load balancer, or reports that it is not ready.',
        runbookLink: runbook('ingest-tasks'),
      },
    },
    addCpuUsageAlarm: {
      Warning: {
        maxUsagePercent: 85,
        alarmDescriptionOverride: 'The tasks are busy, and scaling out did not help.',
        runbookLink: runbook('ingest-load'),
      },
    },
    addMemoryUsageAlarm: {
      Warning: {
        maxUsagePercent: 85,
        alarmDescriptionOverride: 'The tasks are running out of memory.',
        runbookLink: runbook('ingest-load'),
      },
    },
    // If minimum and maximum are equal, running the maximum is normal.
    ...(ingestMaxTasks > ingestTasks && {
      addRunningTaskCountAlarm: {
        Warning: {
          maxRunningTasks: ingestMaxTasks - 1,
          alarmDescriptionOverride: 'The service runs its maximum number of tasks.',
          runbookLink: runbook('ingest-load'),
        },
      },
    }),
  };
}

/** Uploads that failed on our side: the server returned an error, or the load balancer had no server. */
export function uploadErrorAlarms(
  loadBalancer: IApplicationLoadBalancer,
  targets: IApplicationTargetGroup,
  runbook: Runbook,
): CustomMonitoringProps {
  const sum = { statistic: Stats.SUM };
  const alarm = (alarmDescriptionOverride: string) => ({
    Critical: {
      threshold: 5,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingDataOverride: TreatMissingData.NOT_BREACHING,
      alarmDescriptionOverride,
      runbookLink: runbook('ingest-errors'),
    },
  });
  return {
    humanReadableName: 'Uploads',
    alarmFriendlyName: 'uploads',
    metricGroups: [
      {
        title: 'Failed uploads',
        metrics: [
          {
            alarmFriendlyName: 'server-errors',
            metric: targets.metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, {
              ...sum,
              label: 'Server',
            }),
            addAlarm: alarm('The server responded to uploads with server errors.'),
          },
          {
            alarmFriendlyName: 'load-balancer-errors',
            metric: loadBalancer.metrics.httpCodeElb(HttpCodeElb.ELB_5XX_COUNT, {
              ...sum,
              label: 'Load balancer',
            }),
            addAlarm: alarm('The load balancer got no response to uploads.'),
          },
        ],
      },
    ],
  };
}
