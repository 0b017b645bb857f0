import { CustomResource, Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { StageSettings } from '../settings.ts';
import { type FunctionCode, RegistryFunction } from './registry-function.ts';
import { tableArnOf } from './table-access.ts';

/** What is checked, and the code of the function. */
export interface StoreCheckProps {
  readonly settings: StageSettings;
  readonly code: FunctionCode;
}

/**
 * Checks stores that the stacks have not made, and fails the deployment with a text that says what they lack. It runs
 * when the settings name other stores, and when its code has changed. Its function may describe these stores, no more.
 */
export class StoreCheck extends Construct {
  /** The ARN of the stream of the settings' registry table. */
  readonly registryStream: string;

  constructor(scope: Construct, id: string, { settings, code }: StoreCheckProps) {
    super(scope, id);
    const checker = new RegistryFunction(this, 'check-stores', {
      entry: 'check-stores',
      description: 'Package registry: checks stores that replace those of the stack',
      code,
      memory: settings.jobMemory,
      timeout: Duration.minutes(1),
      logRetentionDays: settings.logRetentionDays,
      environment: environmentOf(settings),
    });
    this.allowDescribing(checker, settings);
    const result = new CustomResource(this, 'Result', {
      resourceType: 'Custom::StoreCheck',
      serviceToken: checker.lambda.functionArn,
      serviceTimeout: Duration.minutes(2),
      properties: { code: checker.lambda.currentVersion.version },
    });
    result.node.addDependency(checker);
    this.registryStream = result.getAttString('RegistryStream');
  }

  private allowDescribing(checker: RegistryFunction, settings: StageSettings): void {
    const allow = (actions: string[], arns: readonly string[]) => {
      if (arns.length > 0) checker.allow(new PolicyStatement({ actions, resources: [...arns] }));
    };
    const tables = [settings.registryTable, settings.auditTable].filter((name) => name !== undefined);
    allow(
      ['DescribeTable', 'DescribeTimeToLive', 'DescribeContinuousBackups'].map((it) => `dynamodb:${it}`),
      tables.map((name) => tableArnOf(this, name)),
    );
    const { partition } = Stack.of(this);
    allow(
      ['s3:GetBucketVersioning'],
      settings.blobBucket ? [`arn:${partition}:s3:::${settings.blobBucket}`] : [],
    );
    allow(
      ['secretsmanager:DescribeSecret'],
      [settings.sealingKeySecret, settings.rootTokenSecret].filter((arn) => arn !== undefined),
    );
  }
}

/** The variables of the function, read by `services/runtime/lambda/check-stores.ts`. */
function environmentOf(settings: StageSettings): Record<string, string> {
  const variables = {
    PACKHOUSE_TABLE: settings.registryTable,
    PACKHOUSE_AUDIT_TABLE: settings.auditTable,
    PACKHOUSE_BUCKET: settings.blobBucket,
    PACKHOUSE_SEALING_SECRET: settings.sealingKeySecret,
    PACKHOUSE_ROOT_TOKEN_SECRET: settings.rootTokenSecret,
    PACKHOUSE_RETAIN_DATA: String(settings.retainData),
  };
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
