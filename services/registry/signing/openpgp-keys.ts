/** OpenPGP keys and signatures. The library is large and loaded only where something is signed. */
import type { Config, PrivateKey } from 'openpgp';
import type { NewKey } from './signing-keys.ts';

/** RSA, because the rpm of Enterprise Linux 8 knows no Ed25519; 3072 bits, as apt and Sequoia want at least 2048. */
const BITS = 3072;

/** Signatures of the same bytes by one key at one time are the same. */
const config: Partial<Config> = { nonDeterministicSignaturesViaNotation: false };

/** Makes a key that signs and does nothing else, with `owner` as the name people see. */
export async function newOpenpgpKey(owner: string, now: number, bits = BITS): Promise<NewKey> {
  const { generateKey } = await import('openpgp');
  const { privateKey } = await generateKey({
    type: 'rsa',
    rsaBits: bits,
    userIDs: [{ name: owner }],
    subkeys: [],
    date: new Date(now),
    format: 'object',
    config,
  });
  return {
    id: privateKey.getFingerprint(),
    publicKey: privateKey.toPublic().armor(),
    secret: privateKey.write(),
  };
}

/** A signature in the text, by each of the keys. */
export async function clearSign(text: string, secrets: readonly Uint8Array[], now: number): Promise<string> {
  const { createCleartextMessage, sign } = await import('openpgp');
  const message = await createCleartextMessage({ text });
  const signingKeys = await readKeys(secrets);
  return sign({ message, signingKeys, date: dateFor(signingKeys, now), config });
}

/** An armored signature beside the bytes, by each of the keys. */
export async function detachedSign(
  bytes: Uint8Array,
  secrets: readonly Uint8Array[],
  now: number,
): Promise<string> {
  const { createMessage, sign } = await import('openpgp');
  const message = await createMessage({ binary: bytes });
  const signingKeys = await readKeys(secrets);
  return sign({ message, signingKeys, detached: true, date: dateFor(signingKeys, now), config });
}

async function readKeys(secrets: readonly Uint8Array[]): Promise<PrivateKey[]> {
  const { readPrivateKey } = await import('openpgp');
  return Promise.all(secrets.map((binaryKey) => readPrivateKey({ binaryKey })));
}

/** Now, or when the newest key was made if another machine's clock is ahead: nothing is signed before its key. */
function dateFor(keys: readonly PrivateKey[], now: number): Date {
  return new Date(Math.max(now, ...keys.map((key) => key.getCreationTime().getTime())));
}
