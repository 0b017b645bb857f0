/**
 * The `Signer` port: signs on behalf of projects and groups with keys that the registry makes and keeps.
 *
 * Promises every host keeps (checked by `test/contract/signer-contract.ts`):
 * - An owner's key is made when it is first needed. Processes that need it at once agree on one.
 * - A key is there whole or not at all, whenever a process is killed.
 * - Private keys leave no process unsealed: not to the table, not to a log, not to an error.
 * - A rotated key still signs beside its successor, and is published, until its end.
 */
import type { IndexSigner } from '../domain/repository-index.ts';

/** Who keys belong to. */
export interface KeyOwner {
  readonly kind: 'project' | 'group';
  readonly id: number;
}

/** What keys are for: `openpgp` signs documents (RSA inside, for old clients), `rsa` signs digests. */
export type KeyAlgorithm = 'openpgp' | 'rsa';

/** A key as everybody may see it. Times are milliseconds since the epoch. */
export interface PublicKey {
  /** The OpenPGP fingerprint, or the SHA-256 of an RSA key's DER, lower-case hex. */
  readonly id: string;
  readonly algorithm: KeyAlgorithm;
  /** An armored OpenPGP key, or a PEM (SPKI). */
  readonly publicKey: string;
  readonly createdAt: number;
  /** When it is used and published no more; absent for the current key. */
  readonly endsAt?: number;
}

/** See the promises at the top of this file. */
export interface Signer {
  /** Signs with the keys of an owner. */
  of(owner: KeyOwner): IndexSigner;
  /** The keys to publish, the current one first. Makes one when there is none. */
  publicKeys(owner: KeyOwner, algorithm: KeyAlgorithm): Promise<readonly PublicKey[]>;
  /**
   * Makes a new current key; the old one goes on for `overlap` milliseconds. Of two that rotate at once one does, and
   * both are answered its key.
   */
  rotate(owner: KeyOwner, algorithm: KeyAlgorithm, overlap: number): Promise<PublicKey>;
  /** Removes every key of an owner that is gone. */
  forget(owner: KeyOwner): Promise<void>;
}
