import { createHash } from 'node:crypto';
import { Duration, Validations } from 'aws-cdk-lib';
import {
  AllowedMethods,
  CacheCookieBehavior,
  CacheHeaderBehavior,
  CachePolicy,
  CacheQueryStringBehavior,
  Distribution,
  HttpVersion,
  KeyGroup,
  PublicKey,
  ResponseHeadersPolicy,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type { Bucket, IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

/** What a distribution of links is made from. */
export interface LinkDistributionProps {
  readonly bucket: Bucket;
  /** The keys that check signatures, in PEM, one behind the other; the first is that of new links. */
  readonly publicKeys: string;
}

/**
 * Where links to blobs lead instead of the bucket: a CloudFront distribution that answers nothing without a signature of
 * the registry's key. It reads the bucket with a signature of its own, so a client that takes its `Authorization`
 * along is served too, and it keeps blobs, which never change, near those who ask for them.
 */
export class LinkDistribution extends Construct {
  readonly distribution: Distribution;
  readonly publicKey: PublicKey;

  constructor(scope: Construct, id: string, { bucket, publicKeys }: LinkDistributionProps) {
    super(scope, id);
    const [first, ...others] = publicKeys.trim().split(/(?<=-----END PUBLIC KEY-----)\s+/);
    this.publicKey = this.makeKey(first ?? '');
    const keys = [this.publicKey, ...others.map((other) => this.makeKey(other))];
    this.distribution = new Distribution(this, 'Distribution', {
      comment: 'Package registry: signed links to blobs',
      defaultBehavior: {
        origin: S3BucketOrigin.withOriginAccessControl(bucket as IBucket),
        allowedMethods: AllowedMethods.ALLOW_GET_HEAD,
        trustedKeyGroups: [new KeyGroup(this, 'Keys', { items: keys })],
        viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
        cachePolicy: this.makeCachePolicy(),
        responseHeadersPolicy: this.makeHeaders(),
        // Packages are compressed already, and a range of a compressed answer would be of other bytes.
        compress: false,
      },
      httpVersion: HttpVersion.HTTP2_AND_3,
    });
    this.acknowledge();
  }

  /** A key can't be changed, so another key is another resource. */
  private makeKey(encodedKey: string): PublicKey {
    const hash = createHash('sha256').update(encodedKey).digest('hex').slice(0, 8);
    return new PublicKey(this, `Key${hash}`, { encodedKey });
  }

  /** S3 is told what the answer says the blob is and is called; CloudFront keeps one answer for each of these. */
  private makeCachePolicy(): CachePolicy {
    return new CachePolicy(this, 'Cache', {
      comment: 'Blobs by key and the headers they are to have',
      queryStringBehavior: CacheQueryStringBehavior.allowList(
        'response-content-disposition',
        'response-content-type',
      ),
      headerBehavior: CacheHeaderBehavior.none(),
      cookieBehavior: CacheCookieBehavior.none(),
      enableAcceptEncodingGzip: false,
      enableAcceptEncodingBrotli: false,
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.days(1),
      maxTtl: Duration.days(1),
    });
  }

  /** The same as of files that the registry sends itself: what CloudFront keeps, no other cache may. */
  private makeHeaders(): ResponseHeadersPolicy {
    return new ResponseHeadersPolicy(this, 'Headers', {
      comment: 'Blobs are kept by nobody else',
      customHeadersBehavior: {
        customHeaders: [
          { header: 'cache-control', value: 'private, max-age=0, must-revalidate', override: true },
        ],
      },
      securityHeadersBehavior: { contentTypeOptions: { override: true } },
    });
  }

  private acknowledge(): void {
    Validations.of(this.distribution).acknowledge(
      { id: 'AwsSolutions-CFR1', reason: 'Where users may be is not for the registry to decide.' },
      { id: 'AwsSolutions-CFR2', reason: 'Nothing is answered without a link that the registry has signed.' },
      { id: 'AwsSolutions-CFR3', reason: 'Every link is made by the API, which logs the request.' },
      { id: 'AwsSolutions-CFR4', reason: 'The name that CloudFront gives has no other setting.' },
    );
  }
}
