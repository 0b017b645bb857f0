import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { CfnBucketPolicy } from 'aws-cdk-lib/aws-s3';
import { CfnTopicPolicy } from 'aws-cdk-lib/aws-sns';
import { CfnQueuePolicy } from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import { addStacks } from '../../lib/app.ts';
import { bundleFolder, bundleFunctions } from '../../lib/bundles.ts';
import { readSettings } from '../../lib/settings.ts';

// The stacks of `bin/app.ts`, without what MiniStack can't do. `test/stacks` checks that in the templates.
const lacking: readonly { what: string; why: string; leaveOut(node: IConstruct): boolean }[] = [
  {
    what: 'alarms',
    why: 'MiniStack refuses those with more than a name of a metric, and CDK writes all that have a label so',
    leaveOut: (node) =>
      node instanceof CfnAlarm && (node.node.scope?.node.tryRemoveChild(node.node.id) ?? false),
  },
  {
    what: 'the refusal of plain HTTP by bucket, queues and topics',
    why: 'MiniStack is spoken to in plain HTTP, and holds to policies',
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

const app = new App();
const settings = readSettings((name) => app.node.tryGetContext(name));
bundleFunctions();
const { jobs } = addStacks(app, settings, (entry) => Code.fromAsset(join(bundleFolder, entry)));
// For MiniStack `Ref` of a secret is its name, where it is the ARN on AWS, so that the grant of it names nothing there.
jobs.bootstrap.lambda.addToRolePolicy(
  new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: ['*'] }),
);
const nodes = app.node.findAll();
for (const { what, why, leaveOut } of lacking) {
  process.stderr.write(`Left out ${nodes.filter(leaveOut).length} times: ${what} (${why})\n`);
}
