import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Grantee } from './grantee.ts';

/** How long the bucket of a stage and its objects are kept. */
export interface BlobBucketProps {
  readonly retain: boolean;
  readonly restoreDays: number;
}

/**
 * The bucket of the `BlobStore` port. It is versioned, although no key is ever written twice: blobs deleted by the
 * sweep remain recoverable for as long as the tables, so a restored table never refers to lost bytes.
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
        // Counted from the start of an upload, which may take days. The sweep goes by the last part, and acts
        // sooner.
        { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
        { id: 'deleted-blobs', noncurrentVersionExpiration: Duration.days(props.restoreDays) },
        { id: 'delete-markers', expiredObjectDeleteMarker: true },
      ],
      removalPolicy: props.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    Validations.of(this.bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason:
        'The API creates every link to a blob and logs the request; publishing and deleting are audit events.',
    });
  }

  /**
   * Lets `reader` read and list blobs and sign links to them. Without the list permission, S3 responds with 403
   * instead of 404.
   */
  grantReads(reader: Grantee): void {
    this.grant(reader, ['s3:GetObject']);
    allow(reader, ['s3:ListBucket'], this.bucket.bucketArn);
  }

  /** Lets `writer` store blobs, including multipart uploads. */
  grantPuts(writer: Grantee): void {
    this.grant(writer, ['s3:PutObject', 's3:AbortMultipartUpload']);
  }

  /** Lets `sweep` delete blobs and unfinished uploads. Nothing else may. */
  grantDeletes(sweep: Grantee): void {
    this.grant(sweep, ['s3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts']);
    allow(sweep, ['s3:ListBucketMultipartUploads'], this.bucket.bucketArn);
  }

  private grant(to: Grantee, actions: string[]): void {
    allow(to, actions, this.bucket.arnForObjects('*'));
    Validations.of(to).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${this.exportedArn()}/*]`,
      reason: 'A blob may have any key: each upload generates a new one.',
    });
  }

  /** The name under which other stacks import the bucket, as it appears in cdk-nag's finding. */
  private exportedArn(): string {
    const stack = Stack.of(this);
    return stack.resolve(stack.exportValue(this.bucket.bucketArn))['Fn::ImportValue'];
  }
}

function allow(to: Grantee, actions: string[], resource: string): void {
  to.allow(new PolicyStatement({ effect: Effect.ALLOW, actions, resources: [resource] }));
}
