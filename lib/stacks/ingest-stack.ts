import { RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { Cluster, ContainerInsights, type ICluster } from 'aws-cdk-lib/aws-ecs';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { Stores } from '../constructs/stores.ts';
import { type ServerImage, UploadService } from '../constructs/upload-service.ts';
import type { StageSettings } from '../settings.ts';
import { uploadTimes } from '../upload-times.ts';
import type { DataStack } from './data-stack.ts';
import type { NetworkStack } from './network-stack.ts';
import { registryEnvironment } from './registry-environment.ts';

/** The dependencies of an ingest stack. */
export interface IngestStackProps extends StackProps {
  readonly data: DataStack;
  readonly network: NetworkStack;
  readonly image: ServerImage;
  readonly url: string;
}

/** The service that accepts uploads of any size: the Node server on Fargate, with the same tables and bucket. */
export class IngestStack extends Stack {
  readonly service: UploadService;
  readonly network: NetworkStack;
  readonly logGroup: LogGroup;

  constructor(
    scope: Construct,
    id: string,
    settings: StageSettings,
    { data, network, image, url, ...props }: IngestStackProps,
  ) {
    super(scope, id, props);
    this.network = network;
    const stores = new Stores(this, 'Stores', { stage: settings.stage, source: data });
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const cluster = new Cluster(this, 'Cluster', {
      vpc: network.vpc,
      containerInsightsV2: ContainerInsights.ENABLED,
      enableFargateCapacityProviders: false,
    });
    this.service = new UploadService(this, 'Service', {
      cluster: cluster as ICluster,
      network,
      image,
      logGroup: this.logGroup,
      settings,
      environment: { ...registryEnvironment(settings, stores, url), ...serverEnvironment(this.region) },
    });
    // The same permissions as a function that publishes. The sweep deletes blobs left behind by uploads.
    stores.registry.grantReadsAndWrites(this.service);
    stores.blobs.grantReads(this.service);
    stores.blobs.grantPuts(this.service);
    Validations.of(this.service).acknowledge({
      id: 'AwsSolutions-ECS2',
      reason: 'The environment contains names of tables and bucket, and times. The service needs no secret.',
    });
  }
}

/** The settings of a server that is part of a deployment; see `docs/settings.md`. */
function serverEnvironment(region: string): Readonly<Record<string, string>> {
  return {
    PACKHOUSE_REGION: region,
    PACKHOUSE_MAKE_ROOT: 'false',
    PACKHOUSE_DELETE_BLOBS: 'false',
    // CloudFront and the load balancer.
    PACKHOUSE_TRUSTED_PROXIES: '2',
    PACKHOUSE_KEEP_ALIVE_SECONDS: String(uploadTimes.serverKeepAlive),
    PACKHOUSE_DRAIN_SECONDS: String(uploadTimes.drain),
  };
}
