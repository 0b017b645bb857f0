/**
 * The sealing algorithm of all adapters of the `Seal` port: AES-256-GCM with a key of 32 bytes and the context as
 * additional authenticated data.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { type Seal, SealBroken } from './seal.ts';

/** The size of a sealing key, in bytes. */
export const SEALING_KEY_BYTES = 32;

const FORMAT = 1;
const ID_BYTES = 8;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A seal with the key that `readKey` returns. */
export function sealWith(readKey: () => Promise<Uint8Array>): Seal {
  return {
    async seal(secret, context) {
      const key = await readKey();
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(secret), cipher.final()]);
      return new Uint8Array(Buffer.concat([Buffer.of(FORMAT), idOf(key), iv, cipher.getAuthTag(), body]));
    },
    async open(sealed, context) {
      const key = await readKey();
      const bytes = Buffer.from(sealed);
      const start = 1 + ID_BYTES + IV_BYTES + TAG_BYTES;
      if (bytes[0] !== FORMAT || bytes.length < start) throw new SealBroken('not a sealed value');
      const sealedBy = bytes.subarray(1, 1 + ID_BYTES);
      if (!sealedBy.equals(idOf(key))) {
        throw new SealBroken(
          `sealed with the key ${sealedBy.toString('hex')}, but the sealing key is ${idOf(key).toString('hex')}`,
        );
      }
      const iv = bytes.subarray(1 + ID_BYTES, 1 + ID_BYTES + IV_BYTES);
      const cipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(start - TAG_BYTES, start));
      try {
        return new Uint8Array(Buffer.concat([cipher.update(bytes.subarray(start)), cipher.final()]));
      } catch {
        throw new SealBroken(`the value was not sealed for ${context}, or has changed`);
      }
    },
  };
}

/** Identifies a key without revealing anything about it. */
function idOf(key: Uint8Array): Buffer {
  return createHash('sha256').update('packhouse sealing key id').update(key).digest().subarray(0, ID_BYTES);
}
