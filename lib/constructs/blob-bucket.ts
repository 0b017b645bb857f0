import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Grantee } from './grantee.ts';

/** How the bucket of a stage is kept. */
export interface BlobBucketProps {
  readonly retain: boolean;
  readonly restoreDays: number;
}

/**
 * The bucket of the `BlobStore` port. It keeps versions, although no key is ever written twice: what the sweep
 * deletes can be had back for as long as the tables can be restored, so a restored table never names lost bytes.
 */
export class BlobBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: BlobBucketProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      versioned: true,
      lifecycleRules: [
        // Counts from the beginning of an upload, which may take days; the sweep looks at its last part, and is sooner.
        { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
        { id: 'deleted-blobs', noncurrentVersionExpiration: Duration.days(props.restoreDays) },
        { id: 'delete-markers', expiredObjectDeleteMarker: true },
      ],
      removalPolicy: props.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'Every link to a blob is made by the API, which logs the request; publishing and deleting are audit events.',
    });
  }

  /** Lets `reader` read blobs, see which there are, and sign links to them. Without the list, S3 says 403 for 404. */
  grantReads(reader: Grantee): void {
    this.grant(reader, ['s3:GetObject']);
    allow(reader, ['s3:ListBucket'], this.bucket.bucketArn);
  }

  /** Lets `writer` store blobs, also in parts. */
  grantPuts(writer: Grantee): void {
    this.grant(writer, ['s3:PutObject', 's3:AbortMultipartUpload']);
  }

  /** Lets `sweep` remove blobs and what is left of uploads; it is the only one that may. */
  grantDeletes(sweep: Grantee): void {
    this.grant(sweep, ['s3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts']);
    allow(sweep, ['s3:ListBucketMultipartUploads'], this.bucket.bucketArn);
  }

  private grant(to: Grantee, actions: string[]): void {
    allow(to, actions, this.bucket.arnForObjects('*'));
    Validations.of(to).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${this.exportedArn()}/*]`,
      reason: 'A blob may have any key: the name is made anew for each upload.',
    });
  }

  /** The name under which other stacks import the bucket, as cdk-nag words its finding. */
  private exportedArn(): string {
    const stack = Stack.of(this);
    return stack.resolve(stack.exportValue(this.bucket.bucketArn))['Fn::ImportValue'];
  }
}

function allow(to: Grantee, actions: string[], resource: string): void {
  to.allow(new PolicyStatement({ effect: Effect.ALLOW, actions, resources: [resource] }));
}
