import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { uploadTimes } from '../../../lib/upload-times.ts';
import { propertiesOf, synthesizeIngest } from '../synthesize.ts';

const { network } = synthesizeIngest();
const ingress = propertiesOf(network, 'AWS::EC2::SecurityGroupIngress');

/** The logical id of the group with this description. */
function groupOf(description: string): string {
  const [id] = Object.keys(
    network.findResources('AWS::EC2::SecurityGroup', { Properties: { GroupDescription: description } }),
  );
  if (!id) throw new Error(`There is no group "${description}".`);
  return id;
}

const balancer = groupOf('Load balancer of the package registry');
const tasks = groupOf('Tasks of the package registry');
const idOf = (group: string) => ({ 'Fn::GetAtt': [group, 'GroupId'] });

describe('the network of the ingest service', () => {
  it('has an internal load balancer, in subnets without routes to the outside', () => {
    const [{ Scheme, Subnets }, ...others] = propertiesOf(
      network,
      'AWS::ElasticLoadBalancingV2::LoadBalancer',
    );
    expect(others).toEqual([]);
    expect(Scheme).toBe('internal');
    const subnets: string[] = Subnets.map((subnet: { Ref: string }) => subnet.Ref);
    expect(subnets).toHaveLength(2);
    const tables = propertiesOf(network, 'AWS::EC2::SubnetRouteTableAssociation')
      .filter(({ SubnetId }) => subnets.includes(SubnetId.Ref))
      .map(({ RouteTableId }) => RouteTableId.Ref);
    expect(tables).toHaveLength(2);
    const routed = propertiesOf(network, 'AWS::EC2::Route').map(({ RouteTableId }) => RouteTableId.Ref);
    for (const table of tables) expect(routed).not.toContain(table);
  });

  it('admits only CloudFront to the load balancer, and only the load balancer to the tasks', () => {
    const inline = propertiesOf(network, 'AWS::EC2::SecurityGroup').flatMap(
      (group) => group.SecurityGroupIngress ?? [],
    );
    expect(inline).toEqual([]);
    expect(ingress).toHaveLength(2);
    expect(ingress).toContainEqual(
      expect.objectContaining({
        GroupId: idOf(balancer),
        SourcePrefixListId: {
          'Fn::GetAtt': [expect.stringMatching(/^CloudFrontAddresses/), expect.anything()],
        },
        FromPort: 80,
        ToPort: 80,
      }),
    );
    expect(ingress).toContainEqual(
      expect.objectContaining({
        GroupId: idOf(tasks),
        SourceSecurityGroupId: idOf(balancer),
        FromPort: 8080,
        ToPort: 8080,
      }),
    );
  });

  it('lets the load balancer connect only to the tasks, and tasks only to HTTPS ports', () => {
    expect(propertiesOf(network, 'AWS::EC2::SecurityGroupEgress')).toMatchObject([
      { GroupId: idOf(balancer), DestinationSecurityGroupId: idOf(tasks), FromPort: 8080, ToPort: 8080 },
    ]);
    network.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Tasks of the package registry',
      SecurityGroupEgress: [{ CidrIp: '0.0.0.0/0', IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }],
    });
  });

  it('looks up the prefix list of CloudFront, with permission for that and for logs only', () => {
    const [list] = propertiesOf(network, 'Custom::PrefixListId');
    expect(JSON.parse(list.Create)).toMatchObject({
      service: 'ec2',
      action: 'DescribeManagedPrefixLists',
      parameters: {
        Filters: [{ Name: 'prefix-list-name', Values: ['com.amazonaws.global.cloudfront.origin-facing'] }],
      },
    });
    network.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({ Action: ['logs:CreateLogStream', 'logs:PutLogEvents'] }),
          { Action: 'ec2:DescribeManagedPrefixLists', Effect: 'Allow', Resource: '*' },
        ],
      },
    });
  });

  it('reaches the tables and the bucket through gateway endpoints, and has no NAT', () => {
    const endpoints = propertiesOf(network, 'AWS::EC2::VPCEndpoint');
    expect(endpoints.map(({ VpcEndpointType }) => VpcEndpointType)).toEqual(['Gateway', 'Gateway']);
    expect(JSON.stringify(endpoints.map(({ ServiceName }) => ServiceName))).toMatch(/\.s3".*\.dynamodb"/);
    network.resourceCountIs('AWS::EC2::NatGateway', 0);
  });

  it('spans two availability zones, which the settings may choose', () => {
    const zones = (template = network) => [
      ...new Set(
        propertiesOf(template, 'AWS::EC2::Subnet').map(({ AvailabilityZone }) =>
          JSON.stringify(AvailabilityZone),
        ),
      ),
    ];
    expect(zones()).toHaveLength(2);
    const named = synthesizeIngest({ zones: ['us-east-1b', 'us-east-1d'] });
    expect(zones(named.network)).toEqual(['"us-east-1b"', '"us-east-1d"']);
  });

  it('logs rejected traffic', () => {
    network.hasResourceProperties('AWS::EC2::FlowLog', {
      TrafficType: 'REJECT',
      LogDestinationType: 'cloud-watch-logs',
    });
  });
});

describe('the load balancer', () => {
  it('becomes an origin of CloudFront after the internet gateway that CloudFront requires', () => {
    network.hasResource('AWS::CloudFront::VpcOrigin', {
      Properties: {
        VpcOriginEndpointConfig: {
          Arn: { Ref: Match.stringLikeRegexp('^LoadBalancer') },
          OriginProtocolPolicy: 'http-only',
        },
      },
      DependsOn: Match.arrayWith([Match.stringLikeRegexp('VPCGW')]),
    });
  });

  it('has an idle timeout that is longer than CloudFront waits for an answer', () => {
    network.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      LoadBalancerAttributes: Match.arrayWith([
        { Key: 'idle_timeout.timeout_seconds', Value: String(uploadTimes.idle) },
        { Key: 'routing.http.drop_invalid_header_fields.enabled', Value: 'true' },
      ]),
    });
    expect(uploadTimes.idle).toBeGreaterThan(uploadTimes.answer);
  });
});
