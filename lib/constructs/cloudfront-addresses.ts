import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { type IPeer, Peer } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { AwsCustomResource, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';

const NAME = 'com.amazonaws.global.cloudfront.origin-facing';

/**
 * The addresses from which CloudFront connects to origins, as a prefix list managed by AWS. Its id differs per
 * region, and CloudFormation can't look it up, so a CDK custom resource does. A lookup during synthesis would tie
 * the stacks to one account and need its credentials.
 */
export class CloudFrontAddresses extends Construct {
  readonly peer: IPeer;

  constructor(scope: Construct, id: string, props: { readonly logRetentionDays: number }) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const lookUp = new AwsCustomResource(this, 'List', {
      resourceType: 'Custom::PrefixListId',
      onUpdate: {
        service: 'ec2',
        action: 'DescribeManagedPrefixLists',
        parameters: { Filters: [{ Name: 'prefix-list-name', Values: [NAME] }] },
        physicalResourceId: PhysicalResourceId.of(NAME),
        outputPaths: ['PrefixLists.0.PrefixListId'],
      },
      role: this.makeRole(logGroup),
      installLatestAwsSdk: false,
      logGroup,
    });
    this.peer = Peer.prefixList(lookUp.getResponseField('PrefixLists.0.PrefixListId'));
  }

  private makeRole(logGroup: LogGroup): Role {
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    role.addToPolicy(new PolicyStatement({ actions: ['ec2:DescribeManagedPrefixLists'], resources: ['*'] }));
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Describing prefix lists supports no resources, and this list is the same for every account.',
    });
    return role;
  }
}
