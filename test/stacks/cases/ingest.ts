import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { SERVER_PORT, uploadTimes } from '../../../lib/upload-times.ts';
import { readImage } from '../../kit/image.ts';
import { propertiesOf, rightsOf, synthesizeIngest } from '../synthesize.ts';

const { ingest, api } = synthesizeIngest();
const [task] = propertiesOf(ingest, 'AWS::ECS::TaskDefinition');
const [container, ...moreContainers] = task.ContainerDefinitions;
const [service] = propertiesOf(ingest, 'AWS::ECS::Service');
const [targets] = propertiesOf(ingest, 'AWS::ElasticLoadBalancingV2::TargetGroup');
const environment: Record<string, unknown> = Object.fromEntries(
  container.Environment.map(({ Name, Value }: { Name: string; Value: unknown }) => [Name, Value]),
);

describe('a task of the ingest service', () => {
  it('is one container on arm64 of the configured size', () => {
    expect(moreContainers).toEqual([]);
    expect(task).toMatchObject({
      Cpu: '512',
      Memory: '2048',
      RequiresCompatibilities: ['FARGATE'],
      RuntimePlatform: { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' },
    });
    synthesizeIngest({ ingestCpu: 2048, ingestMemory: 4096 }).ingest.hasResourceProperties(
      'AWS::ECS::TaskDefinition',
      { Cpu: '2048', Memory: '4096' },
    );
  });

  it('runs the image of the Dockerfile with its user and port, read-only and without capabilities', () => {
    expect(JSON.stringify(container.Image)).toContain('cdk-hnb659fds-container-assets');
    const image = readImage();
    expect(container).toMatchObject({
      User: image.user,
      ReadonlyRootFilesystem: true,
      LinuxParameters: { Capabilities: { Drop: ['ALL'] } },
      PortMappings: [{ ContainerPort: SERVER_PORT }],
    });
    expect(image.ports).toEqual([String(SERVER_PORT)]);
    expect(container).not.toHaveProperty('Command');
  });

  it('gets tables and bucket, creates no root user, deletes no blobs and holds no secret', () => {
    expect(environment).toMatchObject({
      PACKHOUSE_TABLE: { Ref: expect.stringContaining('RegistryTable') },
      PACKHOUSE_AUDIT_TABLE: { Ref: expect.stringContaining('AuditTable') },
      PACKHOUSE_BUCKET: { Ref: expect.stringContaining('BlobBucket') },
      PACKHOUSE_REGION: { Ref: 'AWS::Region' },
      PACKHOUSE_MAKE_ROOT: 'false',
      PACKHOUSE_DELETE_BLOBS: 'false',
      PACKHOUSE_TRUSTED_PROXIES: '2',
    });
    expect(Object.keys(environment).filter((name) => /TOKEN|SECRET|PASSWORD/.test(name))).toEqual([]);
    expect(container).not.toHaveProperty('Secrets');
  });

  it('logs to its own group, with a retention and without blocking', () => {
    expect(container.LogConfiguration).toMatchObject({
      LogDriver: 'awslogs',
      Options: { mode: 'non-blocking', 'awslogs-group': { Ref: expect.any(String) } },
    });
    ingest.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 90 });
  });

  it('has only the permissions that publishing needs', () => {
    const allowed = rightsOf(ingest, task.TaskRoleArn['Fn::GetAtt'][0]);
    const actionsOn = (name: string) => [
      ...new Set(allowed.filter(({ resource }) => resource.includes(name)).map(({ action }) => action)),
    ];
    expect(actionsOn('RegistryTable').sort()).toEqual(
      ['BatchGetItem', 'ConditionCheckItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'].map(
        (action) => `dynamodb:${action}`,
      ),
    );
    expect(actionsOn('BlobBucket').sort()).toEqual(
      ['AbortMultipartUpload', 'GetObject', 'ListBucket', 'PutObject'].map((action) => `s3:${action}`),
    );
    const elsewhere = allowed.filter(({ resource }) => !/RegistryTable|BlobBucket/.test(resource));
    expect(elsewhere).toEqual([]);
  });

  it('starts with a role that may only fetch the image and write the log', () => {
    const allowed = rightsOf(ingest, task.ExecutionRoleArn['Fn::GetAtt'][0]);
    expect(allowed.map(({ action }) => action).sort()).toEqual(
      [
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:GetAuthorizationToken',
        'ecr:GetDownloadUrlForLayer',
        'logs:CreateLogStream',
        'logs:PutLogEvents',
      ].sort(),
    );
    expect(allowed.filter(({ resource }) => resource === '"*"')).toMatchObject([
      { action: 'ecr:GetAuthorizationToken' },
    ]);
    for (const role of propertiesOf(ingest, 'AWS::IAM::Role')) {
      expect(role).not.toHaveProperty('ManagedPolicyArns');
      expect(role.AssumeRolePolicyDocument.Statement).toMatchObject([
        { Principal: { Service: 'ecs-tasks.amazonaws.com' } },
      ]);
    }
  });
});

describe('the ingest service', () => {
  it('runs on Fargate in two subnets, in the security group of the tasks', () => {
    const { AwsvpcConfiguration: network } = service.NetworkConfiguration;
    expect(network.SecurityGroups).toEqual([{ 'Fn::ImportValue': expect.stringContaining('TasksGroup') }]);
    expect(network.Subnets).toHaveLength(2);
    expect(service.LaunchType).toBe('FARGATE');
  });

  it('keeps its capacity during a deployment, and rolls back when new tasks do not become ready', () => {
    expect(service.DeploymentConfiguration).toEqual({
      MinimumHealthyPercent: 100,
      MaximumPercent: 200,
      DeploymentCircuitBreaker: { Enable: true, Rollback: true },
    });
    // Without a desired count, a deployment keeps the current number of tasks.
    expect(service).not.toHaveProperty('DesiredCount');
  });

  it('scales by CPU use and requests, within the configured bounds', () => {
    ingest.hasResourceProperties('AWS::ApplicationAutoScaling::ScalableTarget', {
      MinCapacity: 2,
      MaxCapacity: 8,
    });
    const metrics = propertiesOf(ingest, 'AWS::ApplicationAutoScaling::ScalingPolicy').map(
      (policy) =>
        policy.TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.PredefinedMetricType,
    );
    expect(metrics.sort()).toEqual(['ALBRequestCountPerTarget', 'ECSServiceAverageCPUUtilization']);
  });

  it('is checked at the readiness endpoint, and its least busy task gets the next upload', () => {
    expect(targets).toMatchObject({
      TargetType: 'ip',
      Port: SERVER_PORT,
      HealthCheckPath: '/-/readiness',
      HealthCheckIntervalSeconds: uploadTimes.healthInterval,
      UnhealthyThresholdCount: uploadTimes.healthChecks,
    });
    expect(targets.TargetGroupAttributes).toContainEqual({
      Key: 'load_balancing.algorithm.type',
      Value: 'least_outstanding_requests',
    });
    ingest.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Port: 80,
      DefaultActions: [Match.objectLike({ Type: 'forward' })],
    });
  });

  it('has Container Insights enabled', () => {
    ingest.hasResourceProperties('AWS::ECS::Cluster', {
      ClusterSettings: [{ Name: 'containerInsights', Value: 'enabled' }],
    });
  });

  it('is not referenced by the API stack, which refers to the network stack only', () => {
    expect(JSON.stringify(api.toJSON())).toContain('packhouse-main-network:');
    expect(JSON.stringify(api.toJSON())).not.toContain('packhouse-main-ingest:');
  });
});

describe('a stopping task', () => {
  it('has a deregistration delay that is longer than its stop timeout', () => {
    expect(targets.TargetGroupAttributes).toContainEqual({
      Key: 'deregistration_delay.timeout_seconds',
      Value: String(uploadTimes.deregister),
    });
    expect(container.StopTimeout).toBe(uploadTimes.stop);
    expect(uploadTimes.deregister).toBeGreaterThan(uploadTimes.stop);
    // The maximum on Fargate.
    expect(uploadTimes.stop).toBeLessThanOrEqual(120);
  });

  it('accepts requests until the health checks have failed, and keeps most of its stop timeout to finish', () => {
    expect(environment.PACKHOUSE_DRAIN_SECONDS).toBe(String(uploadTimes.drain));
    expect(uploadTimes.drain).toBeGreaterThan(uploadTimes.healthInterval * uploadTimes.healthChecks);
    expect(uploadTimes.drain).toBeLessThan(uploadTimes.stop / 2);
  });

  it('keeps idle connections open longer than the load balancer does', () => {
    expect(environment.PACKHOUSE_KEEP_ALIVE_SECONDS).toBe(String(uploadTimes.serverKeepAlive));
    expect(uploadTimes.serverKeepAlive).toBeGreaterThan(uploadTimes.idle);
  });
});
