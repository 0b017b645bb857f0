import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

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
}
