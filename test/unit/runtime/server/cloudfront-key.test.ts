import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cloudfrontOf } from '../../../../services/runtime/server/cloudfront-key.ts';
import { readSettings } from '../../../../services/runtime/server/settings.ts';

const pem = (key: { export(options: object): string | Buffer }) =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString();
const url = 'https://d111111abcdef8.cloudfront.net';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'packhouse-key-'));
  file = join(folder, 'key.pem');
});
afterEach(() => rm(folder, { recursive: true }));

const settings = () =>
  readSettings(
    [
      '--bucket',
      'packages',
      '--cloudfront-url',
      `${url}/`,
      '--cloudfront-key-id',
      'K1',
      '--cloudfront-key',
      file,
    ],
    {},
  );

describe('the key that signs CloudFront links', () => {
  test('is read from a file', async () => {
    const key = pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
    await writeFile(file, key);
    const cloudfront = await cloudfrontOf(settings());
    expect([cloudfront?.url, cloudfront?.keyId, await cloudfront?.privateKey()]).toEqual([url, 'K1', key]);
  });

  test('is not required without a distribution', async () => {
    expect(await cloudfrontOf(readSettings([], {}))).toBeUndefined();
  });

  test('must be in a readable file', async () => {
    await expect(cloudfrontOf(settings())).rejects.toThrow("PACKHOUSE_CLOUDFRONT_KEY can't be read: ENOENT");
  });

  test.each([
    ['a file without a key', () => 'hush'],
    ['a key of another kind', () => pem(generateKeyPairSync('ed25519').privateKey)],
    [
      'a truncated key',
      () => pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey).slice(0, 300),
    ],
  ])('must be an RSA key: rejects %s, without its content in the error', async (_case, content) => {
    const text = content();
    await writeFile(file, text);
    const refusal = await cloudfrontOf(settings()).catch((error: Error) => error.message);
    expect(refusal).toBe(
      `PACKHOUSE_CLOUDFRONT_KEY: ${file} does not contain an RSA private key in PEM format`,
    );
  });

  test.each([
    [['--cloudfront-url', url]],
    [['--bucket', 'packages', '--cloudfront-url', url, '--cloudfront-key-id', 'K1']],
    [['--cloudfront-url', url, '--cloudfront-key-id', 'K1', '--cloudfront-key', 'key.pem']],
  ])('must be set together with the other CloudFront settings: %j', (flags) => {
    expect(() => readSettings(flags, {})).toThrow('must be set together');
  });
});
