/** Signing keys in the table, their private parts sealed. */
import type { Clock } from '../../ports/clock.ts';
import type { Seal } from '../../ports/seal.ts';
import type { KeyAlgorithm, KeyOwner, PublicKey } from '../../ports/signer.ts';
import { ConditionFailed, type Table, type Write } from '../../ports/table.ts';
import { entityOf, itemOf } from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';

/** A key that was just made. */
export interface NewKey {
  readonly id: string;
  readonly publicKey: string;
  /** The private part, as it is sealed. */
  readonly secret: Uint8Array;
}

/** A key as it is stored; the private part is the attribute `sealed`. */
export interface StoredKey extends PublicKey {
  readonly number: number;
  readonly sealed: Uint8Array;
}

/** How a new key of an owner is made, by its algorithm. */
export type KeyMakers = Readonly<Record<KeyAlgorithm, (owner: KeyOwner) => Promise<NewKey>>>;

/** What signing keys are kept with. */
export interface KeyStore {
  readonly table: Table;
  readonly clock: Clock;
  readonly seal: Seal;
  readonly make: KeyMakers;
}

/** The keys of an owner that are in use, the current one first. Creates the first key if needed. */
export async function keysInUse(
  store: KeyStore,
  owner: KeyOwner,
  algorithm: KeyAlgorithm,
): Promise<readonly [StoredKey, ...StoredKey[]]> {
  for (;;) {
    const all = await readKeys(store, owner, algorithm);
    const now = store.clock.now();
    const [current, ...others] = all.toReversed();
    if (current) return [current, ...others.filter(({ endsAt = 0 }) => endsAt > now)];
    await addKey(store, owner, algorithm);
  }
}

/** Every key that an owner has or had, the current one last. */
export async function readKeys(
  { table }: KeyStore,
  owner: KeyOwner,
  algorithm: KeyAlgorithm,
): Promise<StoredKey[]> {
  const items = await queryAll(table, ranges.signingKeys(owner, algorithm));
  return items.map((item) => entityOf<StoredKey>(item));
}

/** Adds a key after `before`, which then ends at `endsAt`; does nothing when another process was first. */
export async function addKey(
  store: KeyStore,
  owner: KeyOwner,
  algorithm: KeyAlgorithm,
  before?: { readonly number: number; readonly endsAt: number },
): Promise<void> {
  const number = (before?.number ?? 0) + 1;
  const { secret, id, publicKey } = await store.make[algorithm](owner);
  const sealed = await store.seal.seal(secret, contextOf(owner, algorithm, number));
  const facts = { number, id, algorithm, publicKey, createdAt: store.clock.now() };
  const writes: Write[] = [
    { put: { ...itemOf(keys.signingKey(owner, algorithm, number), facts), sealed }, when: { exists: false } },
  ];
  if (before) {
    const key = keys.signingKey(owner, algorithm, before.number);
    writes.push({ update: key, set: { endsAt: before.endsAt }, when: { exists: true } });
  }
  try {
    await store.table.write(writes);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}

/** The private part of a key. @throws SealBroken when this host's sealing key is another. */
export function openKey({ seal }: KeyStore, owner: KeyOwner, key: StoredKey): Promise<Uint8Array> {
  return seal.open(key.sealed, contextOf(owner, key.algorithm, key.number));
}

/** Removes all keys of an owner. */
export async function removeKeys({ table }: KeyStore, owner: KeyOwner): Promise<void> {
  for (const { pk, sk } of await queryAll(table, ranges.signingKeys(owner))) {
    await table.write([{ delete: { pk, sk } }]);
  }
}

/** What a private part is sealed for: it opens nowhere else. */
function contextOf({ kind, id }: KeyOwner, algorithm: KeyAlgorithm, number: number): string {
  return `signing key ${algorithm} ${number} of ${kind} ${id}`;
}
