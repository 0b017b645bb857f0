import { Duration, RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { OriginProtocolPolicy, VpcOrigin, VpcOriginEndpoint } from 'aws-cdk-lib/aws-cloudfront';
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { CloudFrontAddresses } from '../constructs/cloudfront-addresses.ts';
import type { StageSettings } from '../settings.ts';
import { SERVER_PORT, uploadTimes } from '../upload-times.ts';

/**
 * The entry for uploads: a separate network with a load balancer that has no public address and only accepts
 * CloudFront. It is a separate stack because the distribution needs the load balancer, and the service needs the
 * distribution's URL.
 */
export class NetworkStack extends Stack {
  readonly vpc: IVpc;
  /** The security group of the service's tasks. */
  readonly tasks: SecurityGroup;
  readonly loadBalancer: ApplicationLoadBalancer;
  /** The origin through which CloudFront reaches the load balancer. */
  readonly origin: VpcOrigin;

  constructor(scope: Construct, id: string, settings: StageSettings, props: StackProps) {
    super(scope, id, props);
    this.vpc = this.makeVpc(settings);
    const balancer = this.makeGroup('LoadBalancerGroup', 'Load balancer of the package registry');
    this.tasks = this.makeGroup('TasksGroup', 'Tasks of the package registry');
    const addresses = new CloudFrontAddresses(this, 'CloudFrontAddresses', settings);
    balancer.addIngressRule(addresses.peer, Port.HTTP, 'CloudFront');
    balancer.addEgressRule(this.tasks, Port.tcp(SERVER_PORT), 'the tasks');
    this.tasks.addIngressRule(balancer, Port.tcp(SERVER_PORT), 'the load balancer');
    this.tasks.addEgressRule(Peer.anyIpv4(), Port.HTTPS, 'services of AWS');
    this.loadBalancer = this.makeLoadBalancer(balancer);
    this.origin = new VpcOrigin(this, 'Origin', {
      endpoint: VpcOriginEndpoint.applicationLoadBalancer(this.loadBalancer),
      // The connection from CloudFront to the load balancer stays in AWS's network. TLS would need a certificate
      // for the load balancer's domain, which a stage without a custom domain does not have.
      protocolPolicy: OriginProtocolPolicy.HTTP_ONLY,
    });
    // CloudFront requires an internet gateway, although its traffic does not pass through it.
    this.origin.node.addDependency(this.vpc);
  }

  /**
   * Tasks have public addresses and no NAT. Apart from tables and bucket they exchange a few MB a day with AWS
   * (image, logs), for which two NAT gateways would cost nine times as much as two addresses, and endpoints six
   * times as much. The tasks are not reachable at these addresses: their security group only admits the load
   * balancer. Tables and bucket are reached through free gateway endpoints.
   */
  private makeVpc(settings: StageSettings): IVpc {
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.0.0.0/20'),
      ...(settings.zones ? { availabilityZones: [...settings.zones] } : { maxAzs: 2 }),
      natGateways: 0,
      subnetConfiguration: [
        { name: 'tasks', subnetType: SubnetType.PUBLIC, cidrMask: 24, mapPublicIpOnLaunch: false },
        { name: 'load-balancer', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 26 },
      ],
      gatewayEndpoints: {
        S3: { service: GatewayVpcEndpointAwsService.S3, subnets: [{ subnetType: SubnetType.PUBLIC }] },
        DynamoDb: {
          service: GatewayVpcEndpointAwsService.DYNAMODB,
          subnets: [{ subnetType: SubnetType.PUBLIC }],
        },
      },
      // Nothing uses the default group, and emptying it would need a function that may change any group.
      restrictDefaultSecurityGroup: false,
    });
    const logGroup = new LogGroup(this, 'FlowLogs', {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    vpc.addFlowLog('Rejected', {
      destination: FlowLogDestination.toCloudWatchLogs(logGroup),
      trafficType: FlowLogTrafficType.REJECT,
    });
    return vpc as IVpc;
  }

  private makeGroup(id: string, description: string): SecurityGroup {
    return new SecurityGroup(this, id, { vpc: this.vpc, description, allowAllOutbound: false });
  }

  private makeLoadBalancer(securityGroup: SecurityGroup): ApplicationLoadBalancer {
    const loadBalancer = new ApplicationLoadBalancer(this, 'LoadBalancer', {
      vpc: this.vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      internetFacing: false,
      securityGroup,
      idleTimeout: Duration.seconds(uploadTimes.idle),
      dropInvalidHeaderFields: true,
    });
    Validations.of(loadBalancer).acknowledge({
      id: 'AwsSolutions-ELB2',
      reason:
        'The server logs every upload. Load balancer logs include queries, in which some clients send tokens.',
    });
    return loadBalancer;
  }
}
