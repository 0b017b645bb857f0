/**
 * The `Seal` port: makes small secrets unreadable to whoever has the table but not the host's sealing key.
 *
 * Promises every adapter keeps (checked by `test/contract/seal-contract.ts`):
 * - What was sealed by one process is opened by every other of the same host, also after a restart.
 * - It opens only with the `context` it was sealed for; a changed byte, or another key, is an error.
 * - The sealing key is made once: processes that need it at once agree on it.
 */
export interface Seal {
  /** Seals bytes for a context, such as the name of what they belong to. */
  seal(secret: Uint8Array, context: string): Promise<Uint8Array>;
  /** @throws SealBroken when it is not what was sealed for this context by this key. */
  open(sealed: Uint8Array, context: string): Promise<Uint8Array>;
}

/** Thrown when something sealed can't be opened. The message holds nothing secret. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}
