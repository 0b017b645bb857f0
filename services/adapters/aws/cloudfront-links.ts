import { getSignedUrl } from '@aws-sdk/cloudfront-signer';
import { encodeStrictly } from '../../shared/headers/content-disposition.ts';
import type { Links } from './s3-links.ts';

/** A CloudFront distribution in front of a bucket, and the key whose signatures it trusts. */
export interface CloudfrontSettings {
  /** Scheme and host of the distribution. */
  readonly url: string;
  /** The id of the public key in the distribution's key group. */
  readonly keyId: string;
  /** Gives the private RSA key, in PEM; asked for once. */
  privateKey(): Promise<string>;
}

/**
 * Links to a CloudFront distribution: for one object with these headers, until their time is over (a canned policy).
 * Who reads the object is hidden from the bucket, so a client may take `Authorization` along. What caches may do is up
 * to the distribution: told by S3, it would concern CloudFront's own.
 */
export function cloudfrontLinks({ url, keyId, privateKey }: CloudfrontSettings): Links {
  let key: Promise<string> | undefined;
  return async (objectKey, { lifetime, contentType, contentDisposition }) => {
    key ??= privateKey().catch((error: unknown) => {
      key = undefined;
      throw error;
    });
    const query = Object.entries({
      'response-content-disposition': contentDisposition,
      'response-content-type': contentType,
    }).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeStrictly(value)}`]));
    return getSignedUrl({
      url: `${url}/${objectKey}${query.length > 0 ? `?${query.join('&')}` : ''}`,
      keyPairId: keyId,
      privateKey: await key,
      dateLessThan: Date.now() + lifetime * 1000,
      algorithm: 'SHA256',
    });
  };
}
