import {
  CrossStackReferences,
  ReferenceStrength,
  RemovalPolicy,
  Stack,
  type StackProps,
  Validations,
} from 'aws-cdk-lib';
import { StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { BlobBucket } from '../constructs/blob-bucket.ts';
import { LinkDistribution } from '../constructs/link-distribution.ts';
import { RegistryTable } from '../constructs/registry-table.ts';
import type { StageSettings } from '../settings.ts';

/**
 * The state that outlives every deployment: tables, blobs, the sealing key, and the token of the first
 * administrator.
 */
export class DataStack extends Stack {
  readonly registry: RegistryTable;
  readonly audit: RegistryTable;
  readonly blobs: BlobBucket;
  readonly rootToken: Secret;
  /** Seals the signing keys in the table. */
  readonly sealingKey: Secret;
  /**
   * The distribution that links to blobs point to, if not to the bucket. It is here because the bucket must allow
   * it.
   */
  readonly links: LinkDistribution | undefined;

  constructor(scope: Construct, id: string, settings: StageSettings, props: StackProps) {
    super(scope, id, { ...props, terminationProtection: settings.retainData });
    const retain = settings.retainData;
    const { restoreDays } = settings;
    this.registry = new RegistryTable(this, 'Registry', {
      retain,
      restoreDays,
      // The type can not be changed later, and replicas of the table require this one.
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });
    this.audit = new RegistryTable(this, 'Audit', { retain, restoreDays });
    this.blobs = new BlobBucket(this, 'Blobs', { retain, restoreDays });
    this.rootToken = this.makeRootToken(retain);
    this.sealingKey = this.makeSealingKey(retain);
    this.links = this.makeLinks(settings.cloudfrontPublicKey);
  }

  private makeLinks(publicKeys: string | undefined): LinkDistribution | undefined {
    if (publicKeys === undefined) return undefined;
    const links = new LinkDistribution(this, 'Links', { bucket: this.blobs.bucket, publicKeys });
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
