import {
  CrossStackReferences,
  ReferenceStrength,
  RemovalPolicy,
  Stack,
  type StackProps,
  Validations,
} from 'aws-cdk-lib';
import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { BlobBucket } from '../constructs/blob-bucket.ts';
import { LinkDistribution } from '../constructs/link-distribution.ts';
import { RegistryTable } from '../constructs/registry-table.ts';
import { StoreParameters } from '../constructs/stores.ts';
import type { StageSettings } from '../settings.ts';

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

  constructor(scope: Construct, id: string, settings: StageSettings, props: StackProps) {
    super(scope, id, { ...props, terminationProtection: settings.retainData });
    const retain = settings.retainData;
    const { restoreDays } = settings;
    const registry = new RegistryTable(this, 'Registry', {
      retain,
      restoreDays,
      // The type can not be changed later, and replicas of the table require this one.
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });
    const audit = new RegistryTable(this, 'Audit', { retain, restoreDays });
    const blobs = new BlobBucket(this, 'Blobs', { retain, restoreDays });
    const rootToken = this.makeRootToken(retain);
    const sealingKey = this.makeSealingKey(retain);
    this.links = this.makeLinks(blobs.bucket, settings.cloudfrontPublicKey);
    new StoreParameters(this, 'Stores', settings.stage, {
      registryTable: registry.table.tableName,
      registryStream: registry.table.tableStreamArn ?? '',
      auditTable: audit.table.tableName,
      blobBucket: blobs.bucket.bucketName,
      rootToken: rootToken.secretArn,
      sealingKey: sealingKey.secretArn,
    });
    if (settings.keepExports) {
      for (const { table } of [registry, audit]) this.exportAll([table.tableName, table.tableArn]);
      this.exportAll([registry.table.tableStreamArn, blobs.bucket.bucketName, blobs.bucket.bucketArn]);
      this.exportAll([rootToken.secretArn, sealingKey.secretArn]);
    }
  }

  /** Exports values under the names that CDK gives them, which an earlier release of other stacks imports. */
  private exportAll(values: readonly (string | undefined)[]): void {
    for (const value of values) this.exportValue(value);
  }

  private makeLinks(bucket: Bucket, publicKeys: string | undefined): LinkDistribution | undefined {
    if (publicKeys === undefined) return undefined;
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
