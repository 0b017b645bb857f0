import { Stack, Validations } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Grantee } from './grantee.ts';

/** The bucket of the `BlobStore` port by its name, in the account of the stack that uses it. */
export class BlobAccess {
  readonly bucketName: string;
  private readonly stack: Stack;
  private readonly bucketArn: string;

  constructor(scope: Construct, bucketName: string) {
    this.bucketName = bucketName;
    this.stack = Stack.of(scope);
    this.bucketArn = this.stack.formatArn({
      service: 's3',
      account: '',
      region: '',
      resource: bucketName,
    });
  }

  /**
   * Lets `reader` read and list blobs and sign links to them. Without the list permission, S3 responds with 403
   * instead of 404.
   */
  grantReads(reader: Grantee): void {
    this.grant(reader, ['s3:GetObject']);
    allow(reader, ['s3:ListBucket'], this.bucketArn);
  }

  /** Lets `writer` store blobs, including multipart uploads. */
  grantPuts(writer: Grantee): void {
    this.grant(writer, ['s3:PutObject', 's3:AbortMultipartUpload']);
  }

  /** Lets `sweep` delete blobs and unfinished uploads. Nothing else may. */
  grantDeletes(sweep: Grantee): void {
    this.grant(sweep, ['s3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts']);
    allow(sweep, ['s3:ListBucketMultipartUploads'], this.bucketArn);
  }

  private grant(to: Grantee, actions: string[]): void {
    const blobs = `${this.bucketArn}/*`;
    allow(to, actions, blobs);
    Validations.of(to).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${flatten(this.stack.resolve(blobs))}]`,
      reason: 'A blob may have any key: each upload generates a new one.',
    });
  }
}

function allow(to: Grantee, actions: string[], resource: string): void {
  to.allow(new PolicyStatement({ effect: Effect.ALLOW, actions, resources: [resource] }));
}

/** An ARN as it appears in findings of cdk-nag. */
function flatten(joined: { 'Fn::Join': [string, (string | { Ref: string })[]] }): string {
  return joined['Fn::Join'][1].map((part) => (typeof part === 'string' ? part : `<${part.Ref}>`)).join('');
}
