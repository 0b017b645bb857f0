import { hash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const LENGTH = 30;
const CHECK_LENGTH = 6;

/** How secrets begin, so that people and scanners know one when they see it. */
export const secretPrefixes = { access: 'phat-', deploy: 'phdt-' } as const;

/** A new secret: the prefix, thirty random characters (178 bits) and six that check the ones before. */
export function newSecret(kind: keyof typeof secretPrefixes): string {
  let body = secretPrefixes[kind];
  for (let index = 0; index < LENGTH; index++) body += ALPHABET.charAt(randomInt(ALPHABET.length));
  return body + checksum(body);
}

/** Whether a text is a secret of ours that was copied whole; other texts may still be secrets chosen by people. */
export function isWellFormedSecret(secret: string): boolean {
  const body = secret.slice(0, -CHECK_LENGTH);
  return /^ph[ad]t-[0-9A-Za-z]{36}$/.test(secret) && checksum(body) === secret.slice(-CHECK_LENGTH);
}

/** What is kept of a secret, and what it is found by. */
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
