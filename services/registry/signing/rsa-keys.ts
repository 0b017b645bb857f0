import { constants, createHash, createPrivateKey, generateKeyPair, privateEncrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { NewKey } from './signing-keys.ts';

const generate = promisify(generateKeyPair);

/** As many as Alpine's own tools make. */
const BITS = 4096;

/** What stands before a digest in a PKCS #1 v1.5 signature: which digest it is, in DER (RFC 8017, section 9.2). */
const prefixes = {
  sha1: Buffer.from('3021300906052b0e03021a05000414', 'hex'),
  sha256: Buffer.from('3031300d060960864801650304020105000420', 'hex'),
} as const;

/** Makes an RSA key. */
export async function newRsaKey(bits = BITS): Promise<NewKey> {
  const { publicKey, privateKey } = await generate('rsa', { modulusLength: bits });
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return {
    id: createHash('sha256').update(der).digest('hex'),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    secret: new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' })),
  };
}

/** The PKCS #1 v1.5 signature of a digest. */
export function signDigest(secret: Uint8Array, hash: keyof typeof prefixes, digest: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.from(secret), type: 'pkcs8', format: 'der' });
  const padding = constants.RSA_PKCS1_PADDING;
  return new Uint8Array(privateEncrypt({ key, padding }, Buffer.concat([prefixes[hash], digest])));
}
