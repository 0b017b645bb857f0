import { type Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  type Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Grantee } from './grantee.ts';

/** Where a function's code comes from, by the name of its entry in `services/runtime/lambda`. */
export type FunctionCode = (entry: string) => Code;

/** What a function is made of. */
export interface RegistryFunctionProps {
  /** The file in `services/runtime/lambda` it runs. */
  readonly entry: string;
  /** What its logs, metrics and alarms call it, when several functions run one file. */
  readonly name?: string;
  readonly description: string;
  readonly code: FunctionCode;
  readonly memory: number;
  readonly timeout: Duration;
  readonly logRetentionDays: number;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * A Lambda function with its own role, which starts with nothing but its own logs and traces, and its own log group.
 * AWS's managed execution policy is not used: it allows every log group of the account.
 */
export class RegistryFunction extends Construct implements Grantee {
  readonly lambda: LambdaFunction;
  readonly timeout: Duration;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: RegistryFunctionProps) {
    super(scope, id);
    this.timeout = props.timeout;
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup.grantWrite(role);
    this.lambda = new LambdaFunction(this, 'Function', {
      description: props.description,
      code: props.code(props.entry),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memory,
      timeout: props.timeout,
      role,
      tracing: Tracing.ACTIVE,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.WARN,
      environment: {
        POWERTOOLS_SERVICE_NAME: props.name ?? props.entry,
        POWERTOOLS_METRICS_NAMESPACE: 'Packhouse',
        ...props.environment,
      },
    });
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Sending traces to X-Ray knows no resource; nothing else in this role is on "*".',
    });
  }

  allow(statement: PolicyStatement): void {
    this.lambda.addToRolePolicy(statement);
  }
}
