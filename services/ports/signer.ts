/**
 * The `Signer` port: signs on behalf of projects and groups with keys that the registry creates and stores.
 *
 * Promises every host keeps (checked by `test/contract/signer-contract.ts`):
 * - An owner's key is created when first needed. Processes that need it concurrently agree on one.
 * - A key is either complete or absent, whenever a process is killed.
 * - Private keys never leave a process unsealed: not in the table, a log or an error.
 * - A rotated key keeps signing together with its successor, and stays published, until its end.
 */
import type { KeyObject } from 'node:crypto';
import type { IndexSigner } from '../domain/repository-index.ts';

/** The owner of keys; the instance has the id 0. */
export interface KeyOwner {
  readonly kind: 'project' | 'group' | 'instance';
  readonly id: number;
}

/**
 * The use of a key: `openpgp` signs documents (with RSA, for old clients), `rsa` signs digests, `es256` (ECDSA on P-256)
 * signs the instance's grants.
 */
export type KeyAlgorithm = 'openpgp' | 'rsa' | 'es256';

/** The instance's key for grants. */
export interface TokenKey {
  readonly id: string;
  readonly privateKey: KeyObject;
}

/** The public part of a key. Times are milliseconds since the epoch. */
export interface PublicKey {
  /** The OpenPGP fingerprint, or the SHA-256 of the key's DER: lowercase hex for RSA, base64url for keys for grants. */
  readonly id: string;
  readonly algorithm: KeyAlgorithm;
  /** An armored OpenPGP key, or PEM (SPKI). */
  readonly publicKey: string;
  readonly createdAt: number;
  /** When it stops being used and published; absent for the current key. */
  readonly endsAt?: number;
}

/** See the promises at the top of this file. */
export interface Signer {
  /** A signer with the keys of an owner. */
  of(owner: KeyOwner): IndexSigner;
  /** The published keys, the current one first. Creates the first key if needed. */
  publicKeys(owner: KeyOwner, algorithm: KeyAlgorithm): Promise<readonly PublicKey[]>;
  /**
   * Creates a new current key; the previous one stays active for `overlap` milliseconds. Of two concurrent
   * rotations only one takes effect, and both return its key.
   */
  rotate(owner: KeyOwner, algorithm: KeyAlgorithm, overlap: number): Promise<PublicKey>;
  /** The instance's current key for grants. A new one replaces it every month, and the former stays accepted for an hour. */
  tokenKey(): Promise<TokenKey>;
  /** The public part of one of the instance's keys for grants; undefined if it is not in use. */
  publicTokenKey(id: string): Promise<KeyObject | undefined>;
  /** Deletes all keys of a deleted owner. */
  forget(owner: KeyOwner): Promise<void>;
}
