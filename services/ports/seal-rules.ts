/** How adapters of the `Seal` port seal, given a key of 32 bytes: AES-256-GCM, the context authenticated with it. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { type Seal, SealBroken } from './seal.ts';

/** The bytes of a sealing key. */
export const SEALING_KEY_BYTES = 32;

const FORMAT = 1;
const ID_BYTES = 8;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Seals with the key that `readKey` answers, whatever it takes to get it. */
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
      if (bytes[0] !== FORMAT || bytes.length < start) throw new SealBroken('not something sealed');
      const sealedBy = bytes.subarray(1, 1 + ID_BYTES);
      if (!sealedBy.equals(idOf(key))) {
        throw new SealBroken(
          `sealed by the key ${sealedBy.toString('hex')}, and the sealing key is ${idOf(key).toString('hex')}`,
        );
      }
      const iv = bytes.subarray(1 + ID_BYTES, 1 + ID_BYTES + IV_BYTES);
      const cipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(context))
        .setAuthTag(bytes.subarray(start - TAG_BYTES, start));
      try {
        return new Uint8Array(Buffer.concat([cipher.update(bytes.subarray(start)), cipher.final()]));
      } catch {
        throw new SealBroken(`not what was sealed for ${context}`);
      }
    },
  };
}

/** Tells keys apart without telling anything of them. */
function idOf(key: Uint8Array): Buffer {
  return createHash('sha256').update('packhouse sealing key id').update(key).digest().subarray(0, ID_BYTES);
}
