/** The keys that sign grants: one for the whole instance, replaced every month. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { TokenKey } from '../../ports/signer.ts';
import { addKey, type KeyStore, keysInUse, type NewKey, openKey, type StoredKey } from './signing-keys.ts';

const generate = promisify(generateKeyPair);

const INSTANCE = { kind: 'instance', id: 0 } as const;

/** How long a key signs, and how long after that it is accepted, in milliseconds. */
const SIGNING = 30 * 24 * 60 * 60 * 1000;
const OVERLAP = 60 * 60 * 1000;

/** How long keys are remembered, and how soon they are read again for an unknown one, in milliseconds. */
const REMEMBERED = 5 * 60 * 1000;
const PAUSE = 5 * 1000;

/** Makes a key of ECDSA on P-256. */
export async function newTokenKey(): Promise<NewKey> {
  const { publicKey, privateKey } = await generate('ec', { namedCurve: 'P-256' });
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return {
    id: createHash('sha256').update(der).digest('base64url'),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    secret: new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' })),
  };
}

interface Remembered {
  readonly at: number;
  readonly current: StoredKey;
  readonly signing: Promise<TokenKey>;
  readonly known: ReadonlyMap<string, KeyObject>;
}

/** The keys of one store, remembered by the process. */
export function tokenKeys(store: KeyStore) {
  let remembered: Promise<Remembered> | undefined;

  async function read(): Promise<Remembered> {
    const now = store.clock.now();
    let inUse = await keysInUse(store, INSTANCE, 'es256');
    if (now - inUse[0].createdAt >= SIGNING) {
      await addKey(store, INSTANCE, 'es256', { number: inUse[0].number, endsAt: now + OVERLAP });
      inUse = await keysInUse(store, INSTANCE, 'es256');
    }
    const [current] = inUse;
    const signing = openKey(store, INSTANCE, current).then((secret) => ({
      id: current.id,
      privateKey: createPrivateKey({ key: Buffer.from(secret), type: 'pkcs8', format: 'der' }),
    }));
    // Only whoever signs needs it.
    signing.catch(() => {});
    const known = new Map(inUse.map(({ id, publicKey }) => [id, createPublicKey(publicKey)]));
    return { at: now, current, signing, known };
  }

  async function keysNow(maxAge: number): Promise<Remembered> {
    const before = remembered;
    const known = await before?.catch(() => undefined);
    if (known && store.clock.now() - known.at < maxAge) return known;
    // Of those that waited for the same keys, the first one reads them again, for all.
    if (remembered === before || !remembered) remembered = read();
    return remembered;
  }

  return {
    current: async (): Promise<TokenKey> => (await keysNow(REMEMBERED)).signing,
    async publicKey(id: string): Promise<KeyObject | undefined> {
      return (await keysNow(REMEMBERED)).known.get(id) ?? (await keysNow(PAUSE)).known.get(id);
    },
  };
}
