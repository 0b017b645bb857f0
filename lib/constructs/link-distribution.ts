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
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

/** The bucket and keys of a link distribution. */
export interface LinkDistributionProps {
  readonly bucket: IBucket;
  /** The public keys in PEM format, concatenated. New links are signed with the first; all are trusted. */
  readonly publicKeys: string;
}

/**
 * The CloudFront distribution to which links to blobs point instead of the bucket. It requires links signed with
 * the registry's key. It signs its own requests to the bucket, so clients that send their `Authorization` header
 * along are served too. It caches blobs, which never change, close to their readers.
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
        origin: S3BucketOrigin.withOriginAccessControl(bucket),
        allowedMethods: AllowedMethods.ALLOW_GET_HEAD,
        trustedKeyGroups: [new KeyGroup(this, 'Keys', { items: keys })],
        viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
        cachePolicy: this.makeCachePolicy(),
        responseHeadersPolicy: this.makeHeaders(),
        // Packages are already compressed, and a range of a compressed response would contain different bytes.
        compress: false,
      },
      httpVersion: HttpVersion.HTTP2_AND_3,
    });
    this.acknowledge();
  }

  /** A key can't be updated, so a different key is a different resource. */
  private makeKey(encodedKey: string): PublicKey {
    const hash = createHash('sha256').update(encodedKey).digest('hex').slice(0, 8);
    return new PublicKey(this, `Key${hash}`, { encodedKey });
  }

  /** S3 sets the type and file name of the response from these parameters, so they are part of the cache key. */
  private makeCachePolicy(): CachePolicy {
    return new CachePolicy(this, 'Cache', {
      comment: 'Blobs by key and response headers',
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

  /** The same headers as for files sent by the registry: other caches must not store what CloudFront stores. */
  private makeHeaders(): ResponseHeadersPolicy {
    return new ResponseHeadersPolicy(this, 'Headers', {
      comment: 'No other cache stores blobs',
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
      { id: 'AwsSolutions-CFR1', reason: 'The registry does not restrict where its users are.' },
      { id: 'AwsSolutions-CFR2', reason: 'Only links signed by the registry are served.' },
      { id: 'AwsSolutions-CFR3', reason: 'The API creates every link and logs the request.' },
      { id: 'AwsSolutions-CFR4', reason: 'The default domain of CloudFront has no other setting.' },
    );
  }
}
