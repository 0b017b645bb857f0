import {
  Annotations,
  CfnOutput,
  CfnParameter,
  CrossStackReferences,
  Duration,
  ReferenceStrength,
  Stack,
  type StackProps,
} from 'aws-cdk-lib';
import type { IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IDistribution } from 'aws-cdk-lib/aws-cloudfront';
import type { IApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { DefaultDashboardFactory, MonitoringFacade, SnsAlarmActionStrategy } from 'cdk-monitoring-constructs';
import type { Construct } from 'constructs';
import {
  apiAlarms,
  errorLines,
  functionAlarms,
  jobAlarms,
  pipeAlarms,
  type Runbook,
  tableAlarms,
} from '../alarms.ts';
import { Stores } from '../constructs/stores.ts';
import { ingestAlarms, uploadErrorAlarms } from '../ingest-alarms.ts';
import type { StageSettings } from '../settings.ts';
import type { ApiStack } from './api-stack.ts';
import type { DataStack } from './data-stack.ts';
import type { IngestStack } from './ingest-stack.ts';
import type { JobsStack } from './jobs-stack.ts';

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
    const runbook = settings.runbook ?? this.makeRunbookParameter();
    this.runbook = (section) => `${runbook}#${section}`;
    const alarms = this.makeTopic(settings);
    const prefix = `packhouse-${settings.stage}`;
    this.monitoring = new MonitoringFacade(this, 'Monitoring', {
      alarmFactoryDefaults: {
        actionsEnabled: true,
        alarmNamePrefix: prefix,
        action: new SnsAlarmActionStrategy({ onAlarmTopic: alarms, onOkTopic: alarms }),
        datapointsToAlarm: 2,
        evaluationPeriods: 3,
      },
      dashboardFactory: new DefaultDashboardFactory(this, 'Dashboards', {
        dashboardNamePrefix: prefix,
        detailDashboardRange: Duration.hours(12),
      }),
    });
    this.watchApi(api, settings);
    if (ingest) this.watchIngest(ingest, settings);
    this.watchJobs(jobs);
    this.monitoring.addLargeHeader('Data');
    const stores = new Stores(this, 'Stores', { stage: settings.stage, source: data });
    this.monitoring.monitorCustom(tableAlarms(stores, this.runbook));
    const functions = [...api.functions.values(), ...jobs.jobs.map(({ worker }) => worker), jobs.bootstrap];
    const logGroups = functions.map(({ logGroup }) => logGroup);
    this.countErrorLines([...logGroups, ...(ingest ? [ingest.logGroup] : [])], settings);
  }

  /** Where the runbook is, if no setting says so. A deployment keeps the value of the one before. */
  private makeRunbookParameter(): string {
    return new CfnParameter(this, 'RunbookUrl', {
      description: 'The URL at which the people on call read lib/README.md; alarms link to its sections',
      default: 'lib/README.md',
      allowedPattern: '^(https?://[^ #]+|lib/README\\.md)$',
    }).valueAsString;
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
    if (!settings.alarmEmail && !settings.alarmsSubscribed) {
      Annotations.of(topic).addWarningV2(
        'packhouse:alarms',
        'Nobody gets the alarms of this stage. Set alarmEmail, or subscribe to the output AlarmTopic and set alarmsSubscribed to true.',
      );
    }
    if (settings.alarmEmail) topic.addSubscription(new EmailSubscription(settings.alarmEmail));
    new CfnOutput(this, 'AlarmTopic', { value: topic.topicArn, description: 'Subscribe here to get alarms' });
    return topic;
  }

  private watchApi(stack: ApiStack, settings: StageSettings): void {
    this.monitoring.addLargeHeader('Requests');
    this.monitoring.monitorApiGatewayV2HttpApi({
      api: stack.api as IHttpApi,
      humanReadableName: 'API',
      alarmFriendlyName: 'api',
      ...apiAlarms(this.runbook),
    });
    this.monitoring.monitorCustom(functionAlarms(settings, stack.functions, this.runbook));
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
    this.monitoring.monitorCustom(jobAlarms(stack.jobs, this.runbook));
    this.monitoring.monitorCustom(pipeAlarms(stack.events, this.runbook));
  }

  /** Counts the error lines of every log: most errors are responses or failed messages, not failed invocations. */
  private countErrorLines(logGroups: readonly ILogGroup[], settings: StageSettings): void {
    // Functions write levels in capitals, the server does not.
    const isError = FilterPattern.any(
      FilterPattern.stringValue('$.level', '=', 'ERROR'),
      FilterPattern.stringValue('$.level', '=', 'error'),
    );
    const counted = errorLines(settings);
    for (const [number, logGroup] of logGroups.entries()) {
      new MetricFilter(this, `ErrorLines${number}`, { logGroup, filterPattern: isError, ...counted });
    }
  }
}
