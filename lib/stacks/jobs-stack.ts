import { CustomResource, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import { EventFanOut } from '../constructs/event-fan-out.ts';
import { JobQueue } from '../constructs/job-queue.ts';
import { type FunctionCode, RegistryFunction } from '../constructs/registry-function.ts';
import type { StageSettings } from '../settings.ts';
import type { DataStack } from './data-stack.ts';
import { registryEnvironment } from './registry-environment.ts';

/** A background job: its queue and the function that works it off. */
export interface Job {
  readonly queue: JobQueue;
  readonly worker: RegistryFunction;
}

/** What a jobs stack is made from. */
export interface JobsStackProps extends StackProps {
  readonly data: DataStack;
  readonly code: FunctionCode;
  readonly url: string;
}

/** What happens behind the requests: the audit trail, the sweep of blobs, and the first administrator. */
export class JobsStack extends Stack {
  readonly events: EventFanOut;
  readonly audit: Job;
  readonly cleanup: Job;
  readonly bootstrap: RegistryFunction;
  private readonly settings: StageSettings;
  private readonly props: JobsStackProps;

  constructor(
    scope: Construct,
    id: string,
    settings: StageSettings,
    { data, code, url, ...props }: JobsStackProps,
  ) {
    super(scope, id, props);
    this.settings = settings;
    this.props = { ...props, data, code, url };
    this.events = new EventFanOut(this, 'Events', data.registry.table);
    this.audit = this.makeAudit();
    this.cleanup = this.makeCleanup();
    this.bootstrap = this.makeBootstrap();
  }

  private makeAudit(): Job {
    const timeout = Duration.seconds(30);
    const worker = this.makeFunction(
      'audit',
      'Package registry: writes events into the audit table',
      timeout,
    );
    this.props.data.audit.grantAppends(worker);
    const queue = new JobQueue(this, 'AuditQueue', { timeout, batchSize: 10, maxConcurrency: 10 });
    queue.feed(worker.lambda);
    this.events.deliverTo(queue);
    return { queue, worker };
  }

  private makeCleanup(): Job {
    const { data } = this.props;
    const timeout = Duration.minutes(15);
    const worker = this.makeFunction(
      'cleanup',
      'Package registry: removes blobs that nothing refers to',
      timeout,
    );
    data.registry.grantReadsAndWrites(worker);
    data.blobs.grantReads(worker);
    data.blobs.grantDeletes(worker);
    // One sweep at a time, for the same blobs would only be looked at twice; two is the least Lambda takes. Messages
    // are gathered for a while: most tell of nothing to remove, and what there is waits for the grace period anyway.
    const queue = new JobQueue(this, 'CleanupQueue', {
      timeout,
      batchSize: 100,
      batchingWindow: Duration.minutes(5),
      maxConcurrency: 2,
    });
    queue.feed(worker.lambda);
    this.events.deliverTo(queue);
    // By way of the queue, so that a sweep that fails is tried again and is seen when it is given up.
    new Rule(this, 'DailySweep', {
      description: 'Package registry: starts the sweep of blobs',
      schedule: Schedule.rate(Duration.days(1)),
      targets: [new SqsQueue(queue.queue, { message: RuleTargetInput.fromObject({ job: 'sweep' }) })],
    });
    return { queue, worker };
  }

  /**
   * Makes the user root when the stack is made, and again when the code that does it has changed; it is there already
   * then, and nothing happens. A custom resource that is the function itself: the provider that CDK's triggers bring
   * along is one more function, with more rights than this one.
   */
  private makeBootstrap(): RegistryFunction {
    const { data } = this.props;
    const timeout = Duration.minutes(1);
    const worker = this.makeFunction('bootstrap', 'Package registry: makes the user root', timeout, {
      PACKHOUSE_ROOT_TOKEN_SECRET: data.rootToken.secretArn,
    });
    data.registry.grantReadsAndWrites(worker);
    data.rootToken.grantRead(worker.lambda);
    const root = new CustomResource(this, 'Root', {
      resourceType: 'Custom::RootUser',
      serviceToken: worker.lambda.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: { code: worker.lambda.currentVersion.version },
    });
    root.node.addDependency(worker);
    return worker;
  }

  private makeFunction(
    entry: string,
    description: string,
    timeout: Duration,
    more: Readonly<Record<string, string>> = {},
  ): RegistryFunction {
    const { data, code, url } = this.props;
    return new RegistryFunction(this, entry, {
      entry,
      description,
      code,
      timeout,
      memory: this.settings.jobMemory,
      logRetentionDays: this.settings.logRetentionDays,
      environment: { ...registryEnvironment(this.settings, data, url), ...more },
    });
  }
}
