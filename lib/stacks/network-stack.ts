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
 * Where uploads come in: a network of its own, and in it a load balancer that has no public address and that only
 * CloudFront reaches. It is apart from the service behind it because the distribution comes in between: that needs the
 * load balancer, and the service needs the distribution's address.
 */
export class NetworkStack extends Stack {
  readonly vpc: IVpc;
  /** Who the tasks of the service are, as far as the network goes. */
  readonly tasks: SecurityGroup;
  readonly loadBalancer: ApplicationLoadBalancer;
  /** How CloudFront reaches the load balancer. */
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
      // The way from CloudFront to the load balancer is inside of AWS's network. TLS would need a certificate for a
      // name of the load balancer, which a stage without a domain does not have.
      protocolPolicy: OriginProtocolPolicy.HTTP_ONLY,
    });
    // CloudFront asks for an internet gateway, although what it sends does not pass it.
    this.origin.node.addDependency(this.vpc);
  }

  /**
   * Tasks have public addresses and no NAT: what they need of AWS but tables and bucket (image, logs) is a few MB a
   * day, for which two NAT gateways would cost nine times as much as two addresses, and endpoints six times as much.
   * Nothing reaches them there: their security group lets the load balancer in and nobody else. Tables and bucket are
   * reached by gateways that cost nothing.
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
      // Nothing is in the default group, and emptying it takes a function that may change any group.
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
        'The server logs every upload. Logs of the load balancer hold queries too, and some clients put tokens there.',
    });
    return loadBalancer;
  }
}
