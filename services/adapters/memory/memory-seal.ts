import { randomBytes } from 'node:crypto';
import type { Seal } from '../../ports/seal.ts';
import { SEALING_KEY_BYTES, sealWith } from '../../ports/seal-rules.ts';

/** A seal whose key is lost with the process. */
export function memorySeal(): Seal {
  const key = randomBytes(SEALING_KEY_BYTES);
  return sealWith(async () => key);
}
