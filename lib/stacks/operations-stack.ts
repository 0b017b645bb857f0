import {
  CfnOutput,
  CrossStackReferences,
  Duration,
  ReferenceStrength,
  Stack,
  type StackProps,
} from 'aws-cdk-lib';
import type { IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IDistribution } from 'aws-cdk-lib/aws-cloudfront';
import { BillingMode, type ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { DefaultDashboardFactory, MonitoringFacade, SnsAlarmActionStrategy } from 'cdk-monitoring-constructs';
import type { Construct } from 'constructs';
import { apiAlarms, functionAlarms, pipeAlarms, queueAlarms, type Runbook, tableAlarms } from '../alarms.ts';
import type { RegistryFunction } from '../constructs/registry-function.ts';
import { ingestAlarms, uploadErrorAlarms } from '../ingest-alarms.ts';
import type { StageSettings } from '../settings.ts';
import type { ApiStack } from './api-stack.ts';
import type { DataStack } from './data-stack.ts';
import type { IngestStack } from './ingest-stack.ts';
import type { DeployedJob, JobsStack } from './jobs-stack.ts';

/** The stacks to monitor. */
export interface OperationsStackProps extends StackProps {
  readonly data: DataStack;
  readonly api: ApiStack;
  readonly jobs: JobsStack;
  readonly ingest?: IngestStack;
}

/** A dashboard, alarms that link to the runbook, and the topic that receives them. */
export class OperationsStack extends Stack {
  private readonly monitoring: MonitoringFacade;
  private readonly runbook: Runbook;

  constructor(scope: Construct, id: string, settings: StageSettings, props: OperationsStackProps) {
    const { data, api, jobs, ingest, ...stackProps } = props;
    super(scope, id, stackProps);
    // Monitoring must not prevent removal: a strong reference would keep a function that is no longer needed.
    CrossStackReferences.of(this).consume(ReferenceStrength.WEAK);
    this.runbook = (section) => `${settings.runbook}#${section}`;
    const prefix = `packhouse-${settings.stage}`;
    this.monitoring = new MonitoringFacade(this, 'Monitoring', {
      alarmFactoryDefaults: {
        actionsEnabled: true,
        alarmNamePrefix: prefix,
        action: new SnsAlarmActionStrategy({ onAlarmTopic: this.makeTopic(settings) }),
        datapointsToAlarm: 2,
        evaluationPeriods: 3,
      },
      dashboardFactory: new DefaultDashboardFactory(this, 'Dashboards', {
        dashboardNamePrefix: prefix,
        detailDashboardRange: Duration.hours(12),
      }),
    });
    this.watchApi(api);
    if (ingest) this.watchIngest(ingest, settings);
    this.watchJobs(jobs);
    this.watchTables(data);
  }

  private makeTopic(settings: StageSettings): Topic {
    const topic = new Topic(this, 'Alarms', { displayName: 'Package registry alarms', enforceSSL: true });
    // A topic with its own policy loses the default that admits the account's alarms.
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    );
    if (settings.alarmEmail) topic.addSubscription(new EmailSubscription(settings.alarmEmail));
    new CfnOutput(this, 'AlarmTopic', { value: topic.topicArn, description: 'Subscribe here to get alarms' });
    return topic;
  }

  private watchApi(stack: ApiStack): void {
    this.monitoring.addLargeHeader('Requests');
    this.monitoring.monitorApiGatewayV2HttpApi({
      api: stack.api as IHttpApi,
      humanReadableName: 'API',
      alarmFriendlyName: 'api',
      ...apiAlarms(this.runbook),
    });
    for (const [name, fn] of stack.functions) this.watchFunction(name, fn, Duration.seconds(20));
    // Graphs only: CloudFront's metrics are in us-east-1, and an alarm can't use metrics of another region.
    if (stack.frontDoor) {
      this.monitoring.monitorCloudFrontDistribution({
        distribution: stack.frontDoor.distribution as IDistribution,
        humanReadableName: 'CloudFront',
        alarmFriendlyName: 'front-door',
        additionalMetricsEnabled: false,
      });
    }
  }

  private watchIngest({ service, network }: IngestStack, settings: StageSettings): void {
    const loadBalancer = network.loadBalancer as IApplicationLoadBalancer;
    this.monitoring.addLargeHeader('Uploads');
    this.monitoring.monitorCustom(uploadErrorAlarms(loadBalancer, service.targets, this.runbook));
    this.monitoring.monitorFargateApplicationLoadBalancer({
      fargateService: service.fargate,
      applicationLoadBalancer: loadBalancer,
      applicationTargetGroup: service.targets,
      humanReadableName: 'Ingest service',
      alarmFriendlyName: 'ingest',
      ...ingestAlarms(settings, this.runbook),
    });
  }

  private watchJobs(stack: JobsStack): void {
    this.monitoring.addLargeHeader('Background');
    for (const deployed of stack.jobs) this.watchJob(deployed);
    this.monitoring.monitorCustom(pipeAlarms(stack.events, this.runbook));
  }

  private watchJob({ job: { name, maxAge }, queue, worker }: DeployedJob): void {
    this.watchFunction(name, worker, worker.timeout);
    this.monitoring.monitorSqsQueueWithDlq({
      queue: queue.queue,
      deadLetterQueue: queue.deadLetters,
      humanReadableName: `Queue of ${name}`,
      alarmFriendlyName: `${name}-queue`,
      ...queueAlarms(Duration.seconds(maxAge), this.runbook),
    });
  }

  private watchFunction(name: string, { lambda }: RegistryFunction, slow: Duration): void {
    this.monitoring.monitorLambdaFunction({
      lambdaFunction: lambda,
      humanReadableName: `Function ${name}`,
      alarmFriendlyName: `${name}-function`,
      isIterator: false,
      ...functionAlarms(slow, this.runbook),
    });
  }

  private watchTables(stack: DataStack): void {
    this.monitoring.addLargeHeader('Data');
    for (const [name, { table }] of [
      ['registry', stack.registry],
      ['audit', stack.audit],
    ] as const) {
      this.monitoring.monitorDynamoTable({
        table: table as ITable,
        billingMode: BillingMode.PAY_PER_REQUEST,
        humanReadableName: `Table ${name}`,
        alarmFriendlyName: `${name}-table`,
        ...tableAlarms(this.runbook),
      });
    }
  }
}
