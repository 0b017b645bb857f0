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

/** Tasks that are missing, ill or at their limits. */
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
        // Without a single task there is nothing that could be counted.
        treatMissingDataOverride: TreatMissingData.BREACHING,
        alarmDescriptionOverride: 'Fewer tasks take uploads than there should be at least.',
        runbookLink: runbook('ingest-tasks'),
      },
    },
    addUnhealthyTaskCountAlarm: {
      Warning: {
        maxUnhealthyTasks: 0,
        alarmDescriptionOverride: 'A task does not answer the load balancer, or says that it is not ready.',
        runbookLink: runbook('ingest-tasks'),
      },
    },
    addCpuUsageAlarm: {
      Warning: {
        maxUsagePercent: 85,
        alarmDescriptionOverride: 'The tasks are busy, and more of them did not help.',
        runbookLink: runbook('ingest-load'),
      },
    },
    addMemoryUsageAlarm: {
      Warning: {
        maxUsagePercent: 85,
        alarmDescriptionOverride: 'The tasks have little memory left.',
        runbookLink: runbook('ingest-load'),
      },
    },
    // Where there is nothing between least and most, the most is what should be.
    ...(ingestMaxTasks > ingestTasks && {
      addRunningTaskCountAlarm: {
        Warning: {
          maxRunningTasks: ingestMaxTasks - 1,
          alarmDescriptionOverride: 'There are as many tasks as there may be.',
          runbookLink: runbook('ingest-load'),
        },
      },
    }),
  };
}

/** Uploads that failed on our side: the server said so, or the load balancer had no server to ask. */
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
            addAlarm: alarm('The server answered uploads with errors of its own.'),
          },
          {
            alarmFriendlyName: 'load-balancer-errors',
            metric: loadBalancer.metrics.httpCodeElb(HttpCodeElb.ELB_5XX_COUNT, {
              ...sum,
              label: 'Load balancer',
            }),
            addAlarm: alarm('The load balancer got no answer to uploads.'),
          },
        ],
      },
    ],
  };
}
