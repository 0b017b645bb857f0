/** The keys that sign grants: one for the whole instance, replaced every month. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { TokenKey } from '../../ports/signer.ts';
import { remember } from '../../shared/remember.ts';
import { addKey, type KeyStore, type NewKey, openKey, readKeys, type StoredKey } from './signing-keys.ts';

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
  /** The key that signs; undefined before the first grant of the instance. */
  readonly current: StoredKey | undefined;
  /** Decrypts the private key, which takes the sealing key. */
  readonly open: () => Promise<TokenKey>;
  readonly known: ReadonlyMap<string, KeyObject>;
}

/** The keys of one store, cached by the process. Only processes that issue grants create keys; the others read them. */
export function tokenKeys(store: KeyStore) {
  let remembered: Promise<Remembered> | undefined;

  async function read(): Promise<Remembered> {
    const now = store.clock.now();
    const stored = await readKeys(store, INSTANCE, 'es256');
    const current = stored.at(-1);
    const valid = stored.filter((key) => key === current || (key.endsAt ?? 0) > now);
    return {
      at: now,
      current,
      open: remember(() => openTokenKey(store, current)),
      known: new Map(valid.map(({ id, publicKey }) => [id, createPublicKey(publicKey)])),
    };
  }

  async function keysNow(maxAge: number): Promise<Remembered> {
    const before = remembered;
    const known = await before?.catch(() => undefined);
    if (known && store.clock.now() - known.at < maxAge) return known;
    // If several callers wait for the same keys, only the first one reads them again.
    if (remembered === before || !remembered) remembered = read();
    return remembered;
  }

  return {
    async current(): Promise<TokenKey> {
      for (let maxAge = REMEMBERED; ; maxAge = 0) {
        const { current, open } = await keysNow(maxAge);
        const now = store.clock.now();
        if (current && now - current.createdAt < SIGNING) return open();
        const before = current && { number: current.number, endsAt: now + OVERLAP };
        await addKey(store, INSTANCE, 'es256', before);
      }
    },
    async publicKey(id: string): Promise<KeyObject | undefined> {
      return (await keysNow(REMEMBERED)).known.get(id) ?? (await keysNow(PAUSE)).known.get(id);
    },
  };
}

async function openTokenKey(store: KeyStore, key: StoredKey | undefined): Promise<TokenKey> {
  if (!key) throw new Error('the instance has no key for grants yet');
  const secret = await openKey(store, INSTANCE, key);
  const privateKey = createPrivateKey({ key: Buffer.from(secret), type: 'pkcs8', format: 'der' });
  return { id: key.id, privateKey };
}
