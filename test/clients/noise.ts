import { randomBytes } from 'node:crypto';

/** Random bytes, which cannot be compressed. */
export function noise(size: number): Buffer {
  return randomBytes(size);
}
