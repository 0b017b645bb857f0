/**
 * The `Seal` port: makes small secrets unreadable to anyone who has the table but not the host's sealing key.
 *
 * Promises every adapter keeps (checked by `test/contract/seal-contract.ts`):
 * - A value sealed by one process can be opened by all processes of the same host, also after a restart.
 * - It can only be opened with the `context` it was sealed for. A changed byte, or another key, is an error.
 * - The sealing key is created once: processes that need it concurrently agree on it.
 */
export interface Seal {
  /** Seals bytes for a context, such as the name of their owner. */
  seal(secret: Uint8Array, context: string): Promise<Uint8Array>;
  /**
   * Opens a sealed value.
   * @throws SealBroken when it was not sealed for this context with this key
   */
  open(sealed: Uint8Array, context: string): Promise<Uint8Array>;
}

/** A sealed value can't be opened. The message contains no secrets. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}
