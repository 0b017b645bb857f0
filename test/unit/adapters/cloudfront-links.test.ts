import { createVerify, generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cloudfrontLinks } from '../../../services/adapters/aws/cloudfront-links.ts';
import { openS3 } from '../../../services/adapters/aws/open-s3.ts';
import { contentDisposition } from '../../../services/shared/headers/content-disposition.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const url = 'https://d111111abcdef8.cloudfront.net';
const options = { method: 'GET', lifetime: 600 } as const;

const now = Date.UTC(2026, 10, 21, 12);
beforeEach(() => vi.useFakeTimers({ now }));
afterEach(() => vi.useRealTimers());

/** Checks a link as CloudFront does: it must have a valid signature of the policy for its address and expiry time. */
function isSigned(link: string): boolean {
  const [, resource = '', expires = '', parameters = ''] = /^(.*?)[?&]Expires=(\d+)&(.*)$/.exec(link) ?? [];
  const given = new URLSearchParams(parameters);
  const policy = JSON.stringify({
    Statement: [{ Resource: resource, Condition: { DateLessThan: { 'AWS:EpochTime': Number(expires) } } }],
  });
  const signature = (given.get('Signature') ?? '')
    .replaceAll('-', '+')
    .replaceAll('_', '=')
    .replaceAll('~', '/');
  return (
    given.get('Key-Pair-Id') === 'K1' &&
    given.get('Hash-Algorithm') === 'SHA256' &&
    createVerify('RSA-SHA256').update(policy).verify(publicKey, signature, 'base64')
  );
}

describe('CloudFront links', () => {
  const links = cloudfrontLinks({ url, keyId: 'K1', privateKey: async () => pem });

  test('are signed for one object, its headers and an expiry time', async () => {
    const disposition = contentDisposition('attachment', `a'(1)*!+ü".tgz`);
    const link = await links('deep/blobs/ab/key', {
      ...options,
      contentType: 'application/gzip',
      contentDisposition: disposition,
    });
    const parsed = new URL(link);
    expect(parsed.origin + parsed.pathname).toBe(`${url}/deep/blobs/ab/key`);
    expect(parsed.searchParams.get('response-content-disposition')).toBe(disposition);
    expect(parsed.searchParams.get('response-content-type')).toBe('application/gzip');
    expect(parsed.searchParams.get('Expires')).toBe(String(now / 1000 + 600));
    expect(isSigned(link)).toBe(true);
    for (const other of [
      link.replace('/ab/', '/ac/'),
      link.replace('gzip', 'html'),
      link.replace('Expires=1', 'Expires=2'),
    ]) {
      expect(other).not.toBe(link);
      expect(isSigned(other)).toBe(false);
    }
  });

  test('are valid without headers', async () => {
    const link = await links('blobs/ab/key', options);
    expect([link.startsWith(`${url}/blobs/ab/key?Expires=`), isSigned(link)]).toEqual([true, true]);
  });

  test('load their key once, and again only after a failure', async () => {
    const key = vi
      .fn<() => Promise<string>>()
      .mockRejectedValueOnce(new Error('no access'))
      .mockResolvedValue(pem);
    const failing = cloudfrontLinks({ url, keyId: 'K1', privateKey: key });
    await expect(failing('blobs/ab/key', options)).rejects.toThrow('no access');
    await Promise.all([1, 2, 3].map(() => failing('blobs/ab/key', options)));
    expect(key).toHaveBeenCalledTimes(2);
  });

  test('are used for a bucket that has a distribution, below its prefix', async () => {
    const cloudfront = { url, keyId: 'K1', privateKey: async () => pem };
    const { blobs, close } = openS3({ bucket: 'packages', prefix: 'deep/', region: 'eu-west-1', cloudfront });
    const link = (await blobs.link('blobs/ab/key', { ...options, cacheControl: 'private' })) ?? '';
    expect([link.startsWith(`${url}/deep/blobs/ab/key?`), isSigned(link)]).toEqual([true, true]);
    close();
  });
});
