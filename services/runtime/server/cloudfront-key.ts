import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { CloudfrontSettings } from '../../adapters/aws/cloudfront-links.ts';
import { type ServerSettings, SettingsError } from './settings.ts';

/**
 * The configured CloudFront distribution with its private key, which is read and checked right away. Undefined
 * when no distribution is configured.
 * @throws SettingsError when the key can't be read or is not an RSA key
 */
export async function cloudfrontOf(settings: ServerSettings): Promise<CloudfrontSettings | undefined> {
  const { cloudfrontUrl: url, cloudfrontKeyId: keyId, cloudfrontKey: source, region } = settings;
  if (!url || !keyId || !source) return undefined;
  const pem = await readKey(source, region);
  checkKey(pem, source);
  return { url, keyId, privateKey: async () => pem };
}

/** Reads the key from Secrets Manager if `source` is an ARN, otherwise from a file. */
async function readKey(source: string, region: string | undefined): Promise<string> {
  try {
    if (!source.startsWith('arn:')) return await readFile(source, 'utf8');
    const { readSecret } = await import('../../adapters/aws/read-secret.ts');
    return await readSecret(source, { region });
  } catch (cause) {
    throw new SettingsError(`PACKHOUSE_CLOUDFRONT_KEY can't be read: ${(cause as Error).message}`, { cause });
  }
}

function checkKey(pem: string, source: string): void {
  let type: string | undefined;
  try {
    type = createPrivateKey(pem).asymmetricKeyType;
  } catch {
    // The parser's message could contain part of the key.
  }
  if (type !== 'rsa')
    throw new SettingsError(
      `PACKHOUSE_CLOUDFRONT_KEY: ${source} does not contain an RSA private key in PEM format`,
    );
}
