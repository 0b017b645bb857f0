import { hash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const LENGTH = 30;
const CHECK_LENGTH = 6;

/** The prefixes of secrets, so that people and secret scanners recognise them. */
export const secretPrefixes = { access: 'phat-', deploy: 'phdt-' } as const;

/** A new secret: the prefix, thirty random characters (178 bits), and a checksum of six characters. */
export function newSecret(kind: keyof typeof secretPrefixes): string {
  let body = secretPrefixes[kind];
  for (let index = 0; index < LENGTH; index++) body += ALPHABET.charAt(randomInt(ALPHABET.length));
  return body + checksum(body);
}

/** Whether a text is a complete secret made by the registry. Other texts may be secrets chosen by people. */
export function isWellFormedSecret(secret: string): boolean {
  const body = secret.slice(0, -CHECK_LENGTH);
  return /^ph[ad]t-[0-9A-Za-z]{36}$/.test(secret) && checksum(body) === secret.slice(-CHECK_LENGTH);
}

/** The digest of a secret, in hex. Only the digest is stored, and tokens are looked up by it. */
export function secretDigest(secret: string): string {
  return hash('sha256', secret, 'hex');
}

function checksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let index = 0; index < CHECK_LENGTH; index++) {
    digits = ALPHABET.charAt(rest % ALPHABET.length) + digits;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return digits;
}
