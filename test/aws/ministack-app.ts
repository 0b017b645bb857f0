import { join } from 'node:path';
import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { CfnCloudFrontOriginAccessIdentity, CfnVpcOrigin } from 'aws-cdk-lib/aws-cloudfront';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { CfnBucketPolicy } from 'aws-cdk-lib/aws-s3';
import { CfnTopicPolicy } from 'aws-cdk-lib/aws-sns';
import { CfnQueuePolicy } from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import { addStacks } from '../../lib/app.ts';
import { bundleFolder, bundleFunctions } from '../../lib/bundles.ts';
import { readSettings } from '../../lib/settings.ts';
import { signingFamilies } from '../../services/catalog.ts';

// The stacks of `bin/app.ts`, without part MiniStack does not support. `test/stacks` checks that in the templates.
const unsupported: readonly { part: string; reason: string; leaveOut(node: IConstruct): boolean }[] = [
  {
    part: 'alarms',
    reason: 'MiniStack accepts only the name of a metric, and CDK writes more for each that has a label',
    leaveOut: (node) => node instanceof CfnAlarm && remove(node),
  },
  {
    part: 'rules between security groups, flow logs, and the scaling of the ingest service',
    reason: 'MiniStack does not know these types of resources',
    leaveOut: (node) => node instanceof CfnResource && unknown.has(node.cfnResourceType) && remove(node),
  },
  {
    part: 'the VPC origin of CloudFront',
    reason: 'MiniStack does not know it; another resource with an id replaces it',
    leaveOut(node) {
      if (!(node instanceof CfnVpcOrigin)) return false;
      const stack = Stack.of(node);
      const id = stack.resolve(node.logicalId);
      remove(node);
      new CfnCloudFrontOriginAccessIdentity(stack, 'InPlaceOfOrigin', {
        cloudFrontOriginAccessIdentityConfig: { comment: 'in place of the VPC origin' },
      }).overrideLogicalId(id);
      return true;
    },
  },
  {
    part: 'the refusal of plain HTTP by bucket, queues and topics',
    reason: 'MiniStack is used over plain HTTP, and enforces policies',
    leaveOut(node) {
      if (
        !(node instanceof CfnBucketPolicy || node instanceof CfnQueuePolicy || node instanceof CfnTopicPolicy)
      ) {
        return false;
      }
      const document = Stack.of(node).resolve(node.policyDocument) as { Statement: { Effect: string }[] };
      node.policyDocument = {
        ...document,
        Statement: document.Statement.filter(({ Effect }) => Effect !== 'Deny'),
      };
      return true;
    },
  },
];

const unknown = new Set([
  'AWS::ApplicationAutoScaling::ScalableTarget',
  'AWS::ApplicationAutoScaling::ScalingPolicy',
  'AWS::EC2::FlowLog',
  'AWS::EC2::SecurityGroupEgress',
  'AWS::EC2::SecurityGroupIngress',
  // Reads a list that MiniStack does not have, for one of the rules above.
  'Custom::PrefixListId',
]);

function remove(node: IConstruct): boolean {
  return node.node.scope?.node.tryRemoveChild(node.node.id) ?? false;
}

const app = new App();
const settings = readSettings((name) => app.node.tryGetContext(name));
bundleFunctions();
const { api, jobs } = addStacks(app, settings, {
  code: (entry) => Code.fromAsset(join(bundleFolder, entry)),
  image: () => ContainerImage.fromRegistry('packhouse'),
});
// In MiniStack `Ref` of a secret is its name, and on AWS its ARN, so the grants of secrets have no effect here.
const readers = [...signingFamilies(), 'router'].flatMap((name) => api.functions.get(name) ?? []);
for (const { lambda } of [jobs.bootstrap, ...readers]) {
  lambda.addToRolePolicy(
    new PolicyStatement({
      actions: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
      resources: ['*'],
    }),
  );
}
const nodes = app.node.findAll();
for (const { part, reason, leaveOut } of unsupported) {
  process.stderr.write(`Left out ${nodes.filter(leaveOut).length} times: ${part} (${reason})\n`);
}
