import {
  CrossStackReferences,
  ReferenceStrength,
  RemovalPolicy,
  Stack,
  type StackProps,
  Validations,
} from 'aws-cdk-lib';
import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { BlobBucket } from '../constructs/blob-bucket.ts';
import { LinkDistribution } from '../constructs/link-distribution.ts';
import type { FunctionCode } from '../constructs/registry-function.ts';
import { RegistryTable } from '../constructs/registry-table.ts';
import { StoreCheck } from '../constructs/store-check.ts';
import { StoreParameters } from '../constructs/stores.ts';
import { type StageSettings, storeSettings } from '../settings.ts';

/** The stores that the stack makes. */
interface OwnStores {
  readonly registry?: RegistryTable;
  readonly audit?: RegistryTable;
  readonly blobs?: BlobBucket;
  readonly rootToken?: Secret;
  readonly sealingKey?: Secret;
}

/**
 * The state that outlives every deployment: tables, blobs, the sealing key, and the token of the first
 * administrator. Other stacks find it by the parameters that this one writes (`Stores`).
 */
export class DataStack extends Stack {
  /**
   * The distribution that links to blobs point to, if not to the bucket. It is here because the bucket must allow
   * it.
   */
  readonly links: LinkDistribution | undefined;

  constructor(
    scope: Construct,
    id: string,
    settings: StageSettings,
    { code, ...props }: StackProps & { readonly code: FunctionCode },
  ) {
    super(scope, id, { ...props, terminationProtection: settings.retainData });
    const own = this.makeStores(settings);
    const check = isReplaced(settings) ? new StoreCheck(this, 'Check', { settings, code }) : undefined;
    const names = new StoreParameters(this, 'Stores', settings.stage, {
      registryTable: settings.registryTable ?? own.registry?.table.tableName,
      registryStream: settings.registryTable ? check?.registryStream : own.registry?.table.tableStreamArn,
      auditTable: settings.auditTable ?? own.audit?.table.tableName,
      blobBucket: settings.blobBucket ?? own.blobs?.bucket.bucketName,
      rootToken: settings.rootTokenSecret ?? own.rootToken?.secretArn,
      sealingKey: settings.sealingKeySecret ?? own.sealingKey?.secretArn,
    });
    // No stack hears of a store that failed the check.
    if (check) names.node.addDependency(check);
    this.links = this.makeLinks(
      settings.blobBucket
        ? Bucket.fromBucketName(this, 'BlobBucket', settings.blobBucket)
        : (own.blobs?.bucket as IBucket | undefined),
      settings.cloudfrontPublicKey,
    );
    if (settings.keepExports) this.exportAsBefore(own);
  }

  /**
   * The stack's own stores. One that the settings replace stays, unused, so that no deployment deletes it and a deployment
   * without the setting goes back to it; `releaseReplaced` takes it out of the stack.
   */
  private makeStores(settings: StageSettings): OwnStores {
    const { restoreDays, retainData: retain } = settings;
    const isOurs = (replacement: string | undefined) => !replacement || !settings.releaseReplaced;
    // The type can not be changed later, and replicas of the table require this one.
    const stream = StreamViewType.NEW_AND_OLD_IMAGES;
    return {
      ...(isOurs(settings.registryTable) && {
        registry: new RegistryTable(this, 'Registry', { retain, restoreDays, stream }),
      }),
      ...(isOurs(settings.auditTable) && {
        audit: new RegistryTable(this, 'Audit', { retain, restoreDays }),
      }),
      ...(isOurs(settings.blobBucket) && { blobs: new BlobBucket(this, 'Blobs', { retain, restoreDays }) }),
      ...(isOurs(settings.rootTokenSecret) && { rootToken: this.makeRootToken(retain) }),
      ...(isOurs(settings.sealingKeySecret) && { sealingKey: this.makeSealingKey(retain) }),
    };
  }

  /** Exports the stores under the names that CDK gave them, which an earlier release of other stacks imports. */
  private exportAsBefore({ registry, audit, blobs, rootToken, sealingKey }: OwnStores): void {
    const values = [
      ...[registry, audit].flatMap((own) => [own?.table.tableName, own?.table.tableArn]),
      registry?.table.tableStreamArn,
      ...[blobs?.bucket.bucketName, blobs?.bucket.bucketArn],
      ...[rootToken?.secretArn, sealingKey?.secretArn],
    ];
    for (const value of values) if (value !== undefined) this.exportValue(value);
  }

  private makeLinks(
    bucket: IBucket | undefined,
    publicKeys: string | undefined,
  ): LinkDistribution | undefined {
    if (bucket === undefined || publicKeys === undefined) return undefined;
    const links = new LinkDistribution(this, 'Links', { bucket, publicKeys });
    // Functions use its URL and key. A strong reference would prevent switching it off or changing its key.
    for (const source of [links.distribution, links.publicKey]) {
      CrossStackReferences.of(source).produce(ReferenceStrength.WEAK);
    }
    return links;
  }

  private makeSealingKey(retain: boolean): Secret {
    const secret = new Secret(this, 'SealingKey', {
      description: 'Seals the signing keys of the package registry, which are lost without it',
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'Sealed keys can only be opened with this value; the signing keys themselves are rotated.',
    });
    return secret;
  }

  private makeRootToken(retain: boolean): Secret {
    const secret = new Secret(this, 'RootToken', {
      description: 'Token of the user root, the first administrator of the package registry',
      generateSecretString: { passwordLength: 40, excludePunctuation: true },
      removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'The token belongs to a person, who rotates it like any other token; nothing signs in with this secret.',
    });
    return secret;
  }
}

/** Whether another store takes the place of one of the stack's own. */
function isReplaced(settings: StageSettings): boolean {
  return storeSettings.some((name) => settings[name] !== undefined);
}
