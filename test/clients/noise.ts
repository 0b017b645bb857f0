import { randomBytes } from 'node:crypto';

/** Bytes that no compression makes smaller. */
export function noise(size: number): Buffer {
  return randomBytes(size);
}
