import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { isWellFormedSecret, newSecret } from './token-secret.ts';

/** Where a deployment keeps the token of the user root. */
export interface RootTokenStore {
  read(): Promise<string>;
  write(token: string): Promise<void>;
}

/**
 * Returns the token for the user root. A store can only generate arbitrary text; before the first use, a token with
 * the prefix and the checksum of all others replaces it, so that secret scanners recognise it. A token that is already
 * in use stays.
 */
export async function rootTokenIn(registry: Registry, store: RootTokenStore): Promise<string> {
  const stored = await store.read();
  const inUse = (await registry.table.get(keys.rootToken())) !== undefined;
  if (inUse || isWellFormedSecret(stored)) return stored;
  const token = newSecret('access');
  await store.write(token);
  return token;
}
