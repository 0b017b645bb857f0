import type { Clock } from '../../ports/clock.ts';
import type { Seal } from '../../ports/seal.ts';
import type { KeyAlgorithm, KeyOwner, PublicKey, Signer } from '../../ports/signer.ts';
import type { Table } from '../../ports/table.ts';
import { clearSign, detachedSign, newOpenpgpKey } from './openpgp-keys.ts';
import { newRsaKey, signDigest } from './rsa-keys.ts';
import {
  addKey,
  type KeyMakers,
  type KeyStore,
  keysInUse,
  openKey,
  readKeys,
  removeKeys,
  type StoredKey,
} from './signing-keys.ts';

import { newTokenKey, tokenKeys } from './token-keys.ts';

/** What a signer is made of. */
export interface SignerParts {
  readonly table: Table;
  readonly clock: Clock;
  readonly seal: Seal;
  /** The address of the registry, which users see in keys. */
  readonly registry: string;
  /** How new keys are made: by default of 3072 bits for OpenPGP and of 4096 for RSA. */
  readonly make?: KeyMakers;
}

/** A signer whose keys are in the table, sealed by the host. */
export function tableSigner({ table, clock, seal, registry, make }: SignerParts): Signer {
  const store: KeyStore = {
    table,
    clock,
    seal,
    make: make ?? {
      openpgp: (owner) => newOpenpgpKey(`${owner.kind} ${owner.id} of ${registry}`, clock.now()),
      rsa: () => newRsaKey(),
      es256: () => newTokenKey(),
    },
  };

  const grantKeys = tokenKeys(store);

  async function opened(owner: KeyOwner, algorithm: KeyAlgorithm) {
    const inUse = await keysInUse(store, owner, algorithm);
    return Promise.all(inUse.map(async (key) => ({ key, secret: await openKey(store, owner, key) })));
  }

  async function secrets(owner: KeyOwner): Promise<Uint8Array[]> {
    return (await opened(owner, 'openpgp')).map(({ secret }) => secret);
  }

  return {
    of: (owner) => ({
      clearSign: async (text) => clearSign(text, await secrets(owner), clock.now()),
      detachedSign: async (bytes) =>
        detachedSign(
          typeof bytes === 'string' ? Buffer.from(bytes) : bytes,
          await secrets(owner),
          clock.now(),
        ),
      signDigest: async (hash, digest) =>
        (await opened(owner, 'rsa')).map(({ key, secret }) => ({
          keyId: key.id,
          signature: signDigest(secret, hash, digest),
        })),
    }),
    async publicKeys(owner, algorithm) {
      return (await keysInUse(store, owner, algorithm)).map(publicKey);
    },
    async rotate(owner, algorithm, overlap) {
      const before = (await readKeys(store, owner, algorithm)).at(-1);
      await addKey(
        store,
        owner,
        algorithm,
        before && { number: before.number, endsAt: clock.now() + overlap },
      );
      return publicKey((await keysInUse(store, owner, algorithm))[0]);
    },
    tokenKey: () => grantKeys.current(),
    publicTokenKey: (id) => grantKeys.publicKey(id),
    forget: (owner) => removeKeys(store, owner),
  };
}

function publicKey({ id, algorithm, publicKey, createdAt, endsAt }: StoredKey): PublicKey {
  return { id, algorithm, publicKey, createdAt, ...(endsAt !== undefined && { endsAt }) };
}
