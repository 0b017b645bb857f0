import { hkdf } from 'node:crypto';
import { promisify } from 'node:util';
import type { Seal } from '../../ports/seal.ts';
import { SEALING_KEY_BYTES, sealWith } from '../../ports/seal-rules.ts';
import { remember } from '../../shared/remember.ts';
import { type ReadSecretOptions, readSecret } from './read-secret.ts';

const derive = promisify(hkdf);

/** The minimum length of a secret from which a key is derived. */
const MIN_LENGTH = 32;

/**
 * A seal whose key is derived from a secret in Secrets Manager, named by its ARN or name. The deployment creates
 * the secret. It is read once, when something is first sealed or opened.
 */
export function secretSeal(secretId: string, options: ReadSecretOptions = {}): Seal {
  return sealWith(remember(() => readKey(secretId, options)));
}

async function readKey(secretId: string, options: ReadSecretOptions): Promise<Uint8Array> {
  const secret = await readSecret(secretId, options);
  if (secret.length < MIN_LENGTH)
    throw new Error(`the secret ${secretId} has fewer than ${MIN_LENGTH} characters`);
  return new Uint8Array(await derive('sha256', secret, '', 'packhouse sealing key', SEALING_KEY_BYTES));
}
