import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { EventInvokeConfig } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { CfnSubscriptionFilter, type LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { JobQueue } from './job-queue.ts';
import type { RegistryFunction } from './registry-function.ts';

/** Matches the log lines that record downloads and uses of tokens, written by `services/runtime/download-log.ts`. */
const RECORDED = '{ $.message = "file downloaded" || $.message = "token used" }';

/** The source and target of download log lines. */
export interface DownloadLogProps {
  /** Log groups of functions that serve files, all in one stack. */
  readonly logGroups: readonly LogGroup[];
  readonly worker: RegistryFunction;
  readonly queue: JobQueue;
}

/**
 * Passes logged downloads and uses of tokens to a job in batches, so that no request waits for a count. Lines that the job can't
 * count become dead letters after a few attempts.
 */
export class DownloadLog extends Construct {
  constructor(scope: Construct, id: string, { logGroups, worker, queue }: DownloadLogProps) {
    super(scope, id);
    const [first] = logGroups;
    if (!first) return;
    new EventInvokeConfig(this, 'Retries', {
      function: worker.lambda,
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
      onFailure: new SqsDestination(queue.deadLetters),
    });
    // A single permission for the logs of the whole stack: one each would exceed the 20 KB limit of a function's
    // policy.
    worker.lambda.addPermission('Logs', {
      principal: new ServicePrincipal('logs.amazonaws.com'),
      sourceAccount: Stack.of(this).account,
      sourceArn: Stack.of(this).formatArn({
        service: 'logs',
        resource: 'log-group',
        resourceName: `${Stack.of(first).stackName}-*:*`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    });
    for (const logGroup of logGroups) {
      const filter = new CfnSubscriptionFilter(this, `From ${logGroup.node.path.replaceAll('/', ' ')}`, {
        logGroupName: logGroup.logGroupName,
        destinationArn: worker.lambda.functionArn,
        filterPattern: RECORDED,
      });
      // CloudWatch invokes the function when the filter is created.
      filter.node.addDependency(worker.lambda);
    }
  }
}
