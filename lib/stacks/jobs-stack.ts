import { CustomResource, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { JOB_ATTEMPTS, type Job, jobs, outboxTypes, retryAfter } from '../../services/job-list.ts';
import { DownloadLog } from '../constructs/download-log.ts';
import { EventFanOut } from '../constructs/event-fan-out.ts';
import { JobQueue } from '../constructs/job-queue.ts';
import { LastingFeatures } from '../constructs/lasting-features.ts';
import {
  type FunctionCode,
  RegistryFunction,
  type RegistryFunctionProps,
} from '../constructs/registry-function.ts';
import { Stores } from '../constructs/stores.ts';
import type { StageSettings } from '../settings.ts';
import type { ApiStack } from './api-stack.ts';
import type { DataStack } from './data-stack.ts';
import { registryEnvironment, signingEnvironment } from './registry-environment.ts';

/** A deployed background job: its queue and its function. */
export interface DeployedJob {
  readonly job: Job;
  readonly queue: JobQueue;
  readonly worker: RegistryFunction;
}

/** The dependencies of a jobs stack. */
export interface JobsStackProps extends StackProps {
  readonly data: DataStack;
  readonly code: FunctionCode;
  readonly api: ApiStack;
}

/** The background work: the jobs of `services/job-list.ts`, and the creation of the first administrator. */
export class JobsStack extends Stack {
  readonly events: EventFanOut;
  readonly jobs: readonly DeployedJob[];
  readonly bootstrap: RegistryFunction;
  private readonly settings: StageSettings;
  private readonly stores: Stores;
  private readonly props: JobsStackProps;

  constructor(
    scope: Construct,
    id: string,
    settings: StageSettings,
    { data, code, api, ...props }: JobsStackProps,
  ) {
    super(scope, id, props);
    this.settings = settings;
    this.props = { ...props, data, code, api };
    this.stores = new Stores(this, 'Stores', { stage: settings.stage, source: data });
    this.events = new EventFanOut(this, 'Events', this.stores.registryStream);
    this.jobs = jobs.map((job) => this.makeJob(job));
    this.bootstrap = this.makeBootstrap();
    new LastingFeatures(this, 'LastingFeatures', settings, {
      ...{ ingest: api, url: api, hostedZoneId: api },
      ...{ links: data, stores: data },
    });
  }

  private makeJob(job: Job): DeployedJob {
    const timeout = Duration.seconds(job.timeout);
    const title = job.name.charAt(0).toUpperCase() + job.name.slice(1);
    const queue = new JobQueue(this, `${title}Queue`, {
      retryAfter: Duration.seconds(retryAfter(job)),
      attempts: JOB_ATTEMPTS,
      batchSize: job.batch,
      maxConcurrency: job.concurrency,
      ...(job.gather !== undefined && { batchingWindow: Duration.seconds(job.gather) }),
    });
    const worker = this.makeFunction(job.name, {
      entry: 'job',
      description: `Package registry: ${job.description}`,
      timeout,
      environment: {
        PACKHOUSE_JOB: job.name,
        PACKHOUSE_JOB_QUEUE: queue.queue.queueUrl,
        ...(job.rights.includes('sign') && signingEnvironment(this.stores)),
      },
    });
    this.grantRights(worker, job);
    // An unfinished run requests the next one.
    worker.allow(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [queue.queue.queueArn] }));
    queue.feed(worker.lambda);
    if (job.from === 'download-log') this.deliverDownloads(queue, worker);
    else this.events.deliverTo(queue, outboxTypes(job));
    if (job.schedule !== undefined) {
      // Scheduled through the queue, so that failed runs are retried and finally show up as dead letters.
      new Rule(this, `${title}Schedule`, {
        description: `Package registry: starts the job ${job.name}`,
        schedule: Schedule.rate(Duration.seconds(job.schedule)),
        targets: [new SqsQueue(queue.queue, { message: RuleTargetInput.fromObject({ job: job.name }) })],
      });
    }
    return { job, queue, worker };
  }

  private deliverDownloads(queue: JobQueue, worker: RegistryFunction): void {
    const logGroups = [...this.props.api.functions.values()].map(({ logGroup }) => logGroup);
    new DownloadLog(this, 'DownloadLog', { logGroups, worker, queue });
  }

  private grantRights(worker: RegistryFunction, { rights }: Job): void {
    const { stores } = this;
    if (rights.includes('append-audit')) stores.audit.grantAppends(worker);
    if (rights.includes('change-registry')) stores.registry.grantReadsAndWrites(worker);
    if (rights.includes('change-packages')) stores.registry.grantPackageWrites(worker);
    if (rights.includes('sign')) stores.sealingKey.grantRead(worker.lambda);
    if (rights.includes('put-blobs')) {
      stores.blobs.grantReads(worker);
      stores.blobs.grantPuts(worker);
    }
    if (rights.includes('delete-blobs')) {
      stores.blobs.grantReads(worker);
      stores.blobs.grantDeletes(worker);
    }
  }

  /**
   * Creates the user root when the stack is created. It runs again when its code has changed, and then does
   * nothing, and when another table takes the place of the first. The custom resource is the function itself: the provider behind CDK's triggers would be another
   * function, with more permissions.
   */
  private makeBootstrap(): RegistryFunction {
    const { stores } = this;
    const worker = this.makeFunction('bootstrap', {
      entry: 'bootstrap',
      description: 'Package registry: upgrades old records and creates the user root',
      timeout: Duration.minutes(4),
      environment: { PACKHOUSE_ROOT_TOKEN_SECRET: stores.rootToken.secretArn },
    });
    stores.registry.grantReadsAndWrites(worker);
    stores.rootToken.grantRead(worker.lambda);
    worker.lambda.addToRolePolicy(
      new PolicyStatement({
        actions: ['secretsmanager:PutSecretValue'],
        resources: [stores.rootToken.secretArn],
      }),
    );
    const root = new CustomResource(this, 'Root', {
      resourceType: 'Custom::RootUser',
      serviceToken: worker.lambda.functionArn,
      serviceTimeout: Duration.minutes(6),
      properties: { code: worker.lambda.currentVersion.version, table: stores.registry.tableName },
    });
    root.node.addDependency(worker);
    return worker;
  }

  private makeFunction(
    name: string,
    {
      environment,
      ...props
    }: Pick<RegistryFunctionProps, 'entry' | 'description' | 'timeout' | 'environment'>,
  ): RegistryFunction {
    const { code, api } = this.props;
    return new RegistryFunction(this, name, {
      ...props,
      name,
      code,
      memory: this.settings.jobMemory,
      logRetentionDays: this.settings.logRetentionDays,
      environment: { ...registryEnvironment(this.settings, this.stores, api.registryUrl), ...environment },
    });
  }
}
