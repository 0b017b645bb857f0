import { type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  type Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Grantee } from './grantee.ts';

/** Returns the code of a function by the name of its entry in `services/runtime/lambda`. */
export type FunctionCode = (entry: string) => Code;

/** The properties of a function. */
export interface RegistryFunctionProps {
  /** The file in `services/runtime/lambda` that it runs. */
  readonly entry: string;
  /** Its name in logs, metrics and alarms, if several functions run the same file. */
  readonly name?: string;
  readonly description: string;
  readonly code: FunctionCode;
  readonly memory: number;
  readonly timeout: Duration;
  readonly logRetentionDays: number;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * A Lambda function with its own log group and its own role, which initially only allows its own logs.
 * AWS's managed execution policy is not used because it allows all log groups of the account.
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
  }

  allow(statement: PolicyStatement): void {
    this.lambda.addToRolePolicy(statement);
  }
}
