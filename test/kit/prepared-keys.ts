import type { Seal } from '../../services/ports/seal.ts';
import type { Registry } from '../../services/registry/context.ts';
import { newOpenpgpKey } from '../../services/registry/signing/openpgp-keys.ts';
import { newRsaKey } from '../../services/registry/signing/rsa-keys.ts';
import type { KeyMakers, NewKey } from '../../services/registry/signing/signing-keys.ts';
import { tableSigner } from '../../services/registry/signing/table-signer.ts';
import { newTokenKey } from '../../services/registry/signing/token-keys.ts';

/** The number of keys of an algorithm: more than an owner has at once. */
const COUNT = 4;

/** Before the time of any clock of the tests: nothing is signed before its key is made. */
const MADE_AT = Date.UTC(2025, 0);

const makers: KeyMakers = {
  openpgp: inTurn(() => newOpenpgpKey('tests', MADE_AT, 2048)),
  rsa: inTurn(() => newRsaKey(2048)),
  es256: () => newTokenKey(),
};

/**
 * The registry with a signer that makes few keys in a process, because making one takes long, and hands them out in
 * turn: the keys of one owner differ, but another owner may have the same ones.
 */
export function withPreparedKeys(registry: Registry, seal: Seal): Registry {
  const { table, clock, settings } = registry;
  return { ...registry, signer: tableSigner({ table, clock, seal, registry: settings.url, make: makers }) };
}

function inTurn(make: () => Promise<NewKey>): () => Promise<NewKey> {
  const keys: Promise<NewKey>[] = [];
  let given = 0;
  return () => {
    const turn = given++ % COUNT;
    const key = keys[turn] ?? make();
    keys[turn] = key;
    return key;
  };
}
