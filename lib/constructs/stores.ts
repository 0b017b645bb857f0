import { CfnParameter, type Stack } from 'aws-cdk-lib';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { BlobAccess } from './blob-access.ts';
import { TableAccess } from './table-access.ts';

/** What stacks need to know of the stores: names of tables and bucket, ARNs of the stream and of secrets. */
export interface StoreNames {
  readonly registryTable: string;
  readonly registryStream: string;
  readonly auditTable: string;
  readonly blobBucket: string;
  readonly sealingKey: string;
  readonly rootToken: string;
}

/** The last part of each parameter's name in SSM. */
const parameterNames: StoreNames = {
  registryTable: 'registry-table',
  registryStream: 'registry-stream',
  auditTable: 'audit-table',
  blobBucket: 'blob-bucket',
  sealingKey: 'sealing-key',
  rootToken: 'root-token',
};

const storeKinds = Object.keys(parameterNames) as (keyof StoreNames)[];

function parameterName(stage: string, kind: keyof StoreNames): string {
  return `/packhouse/${stage}/stores/${parameterNames[kind]}`;
}

/** The id of a store's constructs, in capitals as CDK's are. */
function idOf(kind: keyof StoreNames): string {
  return `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
}

/**
 * Tells other stacks the names of the stores, through parameters in SSM. Exports would keep their values for as long as
 * a stack uses them, so no other table could ever take the place of the first.
 */
export class StoreParameters extends Construct {
  constructor(
    scope: Construct,
    id: string,
    stage: string,
    names: { readonly [Kind in keyof StoreNames]: string | undefined },
  ) {
    super(scope, id);
    for (const kind of storeKinds) {
      new StringParameter(this, idOf(kind), {
        parameterName: parameterName(stage, kind),
        description: 'A store of the package registry, as its stacks find it. A deployment writes this',
        stringValue: names[kind] ?? '',
      });
    }
  }
}

/**
 * The stores of a stage, as a stack finds them by the parameters. CloudFormation reads these at each update of the
 * stack, even if its template has not changed. It would not read dynamic references (`{{resolve:ssm:...}}`) again.
 */
export class Stores extends Construct {
  private readonly stage: string;

  /** `source` is the stack that writes the parameters; the stack of this construct is deployed after it. */
  constructor(
    scope: Stack,
    id: string,
    { stage, source }: { readonly stage: string; readonly source: Stack },
  ) {
    super(scope, id);
    this.stage = stage;
    scope.addStackDependency(source, 'reads the names of the stores from parameters');
  }

  get registry(): TableAccess {
    return new TableAccess(this, this.find('registryTable'));
  }

  get audit(): TableAccess {
    return new TableAccess(this, this.find('auditTable'));
  }

  get blobs(): BlobAccess {
    return new BlobAccess(this, this.find('blobBucket'));
  }

  /** The ARN of the registry table's stream. */
  get registryStream(): string {
    return this.find('registryStream');
  }

  /** Seals the signing keys in the table. */
  get sealingKey(): ISecret {
    return this.findSecret('sealingKey');
  }

  /** The token of the user root. */
  get rootToken(): ISecret {
    return this.findSecret('rootToken');
  }

  private findSecret(kind: 'sealingKey' | 'rootToken'): ISecret {
    const id = `${idOf(kind)}Secret`;
    const known = this.node.tryFindChild(id) as ISecret | undefined;
    return known ?? Secret.fromSecretCompleteArn(this, id, this.find(kind));
  }

  /** The stack gets a parameter for each name that it uses. */
  private find(kind: keyof StoreNames): string {
    const id = idOf(kind);
    const known = this.node.tryFindChild(id) as CfnParameter | undefined;
    const parameter =
      known ??
      new CfnParameter(this, id, {
        type: 'AWS::SSM::Parameter::Value<String>',
        default: parameterName(this.stage, kind),
        description: 'The parameter in SSM that names the store. Not to be changed by hand',
      });
    return parameter.valueAsString;
  }
}
