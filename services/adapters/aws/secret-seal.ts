import { hkdf } from 'node:crypto';
import { promisify } from 'node:util';
import type { Seal } from '../../ports/seal.ts';
import { SEALING_KEY_BYTES, sealWith } from '../../ports/seal-rules.ts';
import { type ReadSecretOptions, readSecret } from './read-secret.ts';

const derive = promisify(hkdf);

/** The fewest characters of a secret that keys are made from. */
const LEAST = 32;

/**
 * A seal whose key is made from a secret in Secrets Manager, named by its ARN or name, which the deployment has made.
 * The secret is read once, when something is first sealed or opened.
 */
export function secretSeal(secretId: string, options: ReadSecretOptions = {}): Seal {
  let key: Promise<Uint8Array> | undefined;
  return sealWith(() => {
    key ??= readKey(secretId, options).catch((error: unknown) => {
      key = undefined;
      throw error;
    });
    return key;
  });
}

async function readKey(secretId: string, options: ReadSecretOptions): Promise<Uint8Array> {
  const secret = await readSecret(secretId, options);
  if (secret.length < LEAST) throw new Error(`the secret ${secretId} has fewer than ${LEAST} characters`);
  return new Uint8Array(await derive('sha256', secret, '', 'packhouse sealing key', SEALING_KEY_BYTES));
}
