import { Annotations, type App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { FunctionCode } from './constructs/registry-function.ts';
import type { ServerImage } from './constructs/upload-service.ts';
import type { StageSettings } from './settings.ts';
import { ApiStack } from './stacks/api-stack.ts';
import { DataStack } from './stacks/data-stack.ts';
import { IngestStack } from './stacks/ingest-stack.ts';
import { JobsStack } from './stacks/jobs-stack.ts';
import { NetworkStack } from './stacks/network-stack.ts';
import { OperationsStack } from './stacks/operations-stack.ts';

/** The build artifacts that the stacks deploy. */
export interface Built {
  readonly code: FunctionCode;
  /** Only used with `ingest`. */
  readonly image: ServerImage;
}

/** Adds the stacks of a stage to the app. */
export function addStacks(app: App, settings: StageSettings, { code, image }: Built) {
  const name = (part: string) => `packhouse-${settings.stage}-${part}`;
  const { account, region } = settings;
  const env = { ...(account ? { account } : {}), ...(region ? { region } : {}) };
  const data = new DataStack(app, name('data'), settings, {
    env,
    code,
    description: 'Package registry: tables, blobs and the first token',
  });
  const network = settings.ingest
    ? new NetworkStack(app, name('network'), settings, {
        env,
        description: 'Package registry: network and load balancer of the ingest service',
      })
    : undefined;
  const api = new ApiStack(app, name('api'), settings, {
    env,
    data,
    code,
    ...(network && { network }),
    description: 'Package registry: the API and its functions',
  });
  const jobs = new JobsStack(app, name('jobs'), settings, {
    env,
    data,
    code,
    api,
    description: 'Package registry: audit, cleanup and bootstrap',
  });
  const ingest =
    network &&
    new IngestStack(app, name('ingest'), settings, {
      env,
      data,
      network,
      image,
      url: api.registryUrl,
      description: 'Package registry: accepts uploads of any size',
    });
  const operations = new OperationsStack(app, name('operations'), settings, {
    env,
    data,
    api,
    jobs,
    ...(ingest && { ingest }),
    description: 'Package registry: dashboard and alarms',
  });
  Tags.of(app).add('application', 'packhouse');
  Tags.of(app).add('stage', settings.stage);
  return { data, network, api, jobs, ingest, operations };
}

/** Warns of settings that are given for one run and are not in the file of the stage. */
export function warnOfUnsaved({ data }: { readonly data: DataStack }, names: readonly string[]): void {
  for (const name of names) {
    Annotations.of(data).addWarningV2(
      `packhouse:unsaved-${name}`,
      `The setting ${name} is given by -c only: a deployment without it takes it back. Put it into the file of the stage.`,
    );
  }
}

/**
 * Lets cdk-nag check every stack: a finding fails the synthesis, unless it is acknowledged next to the construct.
 */
export function addChecks(app: App): void {
  Validations.of(app).addPlugins(
    new AwsSolutionsChecks(app, { verbose: true, writeSuppressionsToCloudFormation: true }),
  );
}
