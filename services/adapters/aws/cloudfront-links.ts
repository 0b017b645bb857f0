import { getSignedUrl } from '@aws-sdk/cloudfront-signer';
import { encodeStrictly } from '../../shared/headers/content-disposition.ts';
import { remember } from '../../shared/remember.ts';
import type { Links } from './s3-links.ts';

/** A CloudFront distribution in front of a bucket, and the key whose signatures it trusts. */
export interface CloudfrontSettings {
  /** Scheme and host of the distribution. */
  readonly url: string;
  /** The id of the public key in the distribution's key group. */
  readonly keyId: string;
  /** Returns the private RSA key in PEM format; called again only if it fails. */
  privateKey(): Promise<string>;
}

/**
 * Creates links to a CloudFront distribution with a canned policy: each is for one object with these headers,
 * until it expires. The bucket never sees the reader's credentials, so clients may send `Authorization` along. The
 * distribution sets the cache headers: if S3 set them, they would also apply to CloudFront's own cache.
 */
export function cloudfrontLinks({ url, keyId, privateKey }: CloudfrontSettings): Links {
  const readKey = remember(privateKey);
  return async (objectKey, { lifetime, contentType, contentDisposition }) => {
    const query = Object.entries({
      'response-content-disposition': contentDisposition,
      'response-content-type': contentType,
    }).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeStrictly(value)}`]));
    return getSignedUrl({
      url: `${url}/${objectKey}${query.length > 0 ? `?${query.join('&')}` : ''}`,
      keyPairId: keyId,
      privateKey: await readKey(),
      dateLessThan: Date.now() + lifetime * 1000,
      algorithm: 'SHA256',
    });
  };
}
