import { Duration, Validations } from 'aws-cdk-lib';
import { SubnetType } from 'aws-cdk-lib/aws-ec2';
import {
  AvailabilityZoneRebalancing,
  AwsLogDriverMode,
  Capability,
  type ContainerImage,
  CpuArchitecture,
  FargateService,
  FargateTaskDefinition,
  type ICluster,
  LinuxParameters,
  LogDrivers,
  OperatingSystemFamily,
  PropagatedTagSource,
} from 'aws-cdk-lib/aws-ecs';
import {
  ApplicationListener,
  ApplicationProtocol,
  ApplicationTargetGroup,
  TargetGroupLoadBalancingAlgorithmType,
  TargetType,
} from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { StageSettings } from '../settings.ts';
import type { NetworkStack } from '../stacks/network-stack.ts';
import { SERVER_PORT, uploadTimes } from '../upload-times.ts';
import type { Grantee } from './grantee.ts';

/** Returns the image of the server. */
export type ServerImage = () => ContainerImage;

/** The properties of an upload service. */
export interface UploadServiceProps {
  readonly cluster: ICluster;
  readonly network: NetworkStack;
  readonly image: ServerImage;
  readonly logGroup: LogGroup;
  readonly environment: Readonly<Record<string, string>>;
  readonly settings: Pick<StageSettings, 'ingestCpu' | 'ingestMemory' | 'ingestTasks' | 'ingestMaxTasks'>;
}

/** The average load per task above which tasks are added. */
const CPU_PERCENT = 60;
const REQUESTS_A_MINUTE = 1_000;

/**
 * The Node server as a service behind the load balancer. It scales with the uploads, and each task finishes its
 * requests before it stops. Its role initially only allows its own logs. A deployment whose tasks do not become
 * ready is rolled back.
 */
export class UploadService extends Construct implements Grantee {
  readonly fargate: FargateService;
  readonly targets: ApplicationTargetGroup;
  private readonly props: UploadServiceProps;

  constructor(scope: Construct, id: string, props: UploadServiceProps) {
    super(scope, id);
    this.props = props;
    const { network } = props;
    this.fargate = new FargateService(this, 'Fargate', {
      cluster: props.cluster,
      taskDefinition: this.makeTask(),
      assignPublicIp: true,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      securityGroups: [network.tasks],
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      healthCheckGracePeriod: Duration.seconds(30),
      availabilityZoneRebalancing: AvailabilityZoneRebalancing.ENABLED,
      propagateTags: PropagatedTagSource.SERVICE,
    });
    this.targets = this.makeTargets();
    this.scale();
  }

  allow(statement: PolicyStatement): void {
    this.fargate.taskDefinition.addToTaskRolePolicy(statement);
  }

  private makeTask(): FargateTaskDefinition {
    const { settings, environment, image, logGroup } = this.props;
    const task = new FargateTaskDefinition(this, 'Task', {
      cpu: settings.ingestCpu,
      memoryLimitMiB: settings.ingestMemory,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.ARM64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
    });
    task.addContainer('server', {
      image: image(),
      environment: { ...environment },
      portMappings: [{ containerPort: SERVER_PORT }],
      stopTimeout: Duration.seconds(uploadTimes.stop),
      readonlyRootFilesystem: true,
      user: '1000:1000',
      linuxParameters: this.noCapabilities(),
      // Undeliverable log lines are eventually dropped: a stalled log must not stall uploads.
      logging: LogDrivers.awsLogs({ logGroup, streamPrefix: 'server', mode: AwsLogDriverMode.NON_BLOCKING }),
    });
    Validations.of(task.obtainExecutionRole()).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Signing in to ECR supports no resources; the role may pull one image and write its own logs.',
    });
    return task;
  }

  private noCapabilities(): LinuxParameters {
    const parameters = new LinuxParameters(this, 'Linux');
    parameters.dropCapabilities(Capability.ALL);
    return parameters;
  }

  private makeTargets(): ApplicationTargetGroup {
    const { network } = this.props;
    const targets = new ApplicationTargetGroup(this, 'Targets', {
      vpc: network.vpc,
      targetType: TargetType.IP,
      port: SERVER_PORT,
      protocol: ApplicationProtocol.HTTP,
      targets: [this.fargate.loadBalancerTarget({ containerName: 'server', containerPort: SERVER_PORT })],
      deregistrationDelay: Duration.seconds(uploadTimes.deregister),
      // An upload takes from a millisecond to an hour, so round robin would not spread them evenly.
      loadBalancingAlgorithmType: TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
      healthCheck: {
        path: '/-/readiness',
        interval: Duration.seconds(uploadTimes.healthInterval),
        timeout: Duration.seconds(uploadTimes.healthInterval - 1),
        healthyThresholdCount: uploadTimes.healthChecks,
        unhealthyThresholdCount: uploadTimes.healthChecks,
      },
    });
    const listener = new ApplicationListener(this, 'Listener', {
      loadBalancer: network.loadBalancer,
      port: 80,
      protocol: ApplicationProtocol.HTTP,
      open: false,
      defaultTargetGroups: [targets],
    });
    this.fargate.node.addDependency(listener);
    return targets;
  }

  private scale(): void {
    const { ingestTasks, ingestMaxTasks } = this.props.settings;
    const count = this.fargate.autoScaleTaskCount({ minCapacity: ingestTasks, maxCapacity: ingestMaxTasks });
    count.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: CPU_PERCENT });
    count.scaleOnRequestCount('Requests', {
      requestsPerTarget: REQUESTS_A_MINUTE,
      targetGroup: this.targets,
    });
  }
}
