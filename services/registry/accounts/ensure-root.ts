import { type AccessToken, isActive, type User } from '../../domain/accounts.ts';
import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf } from '../records/entities.ts';
import { indexes, inIndex1, keys, padId } from '../records/keys.ts';
import { readItem } from '../records/read-items.ts';
import { createUser } from './create-user.ts';
import { findUserByName } from './find-accounts.ts';
import type { TokenPointer } from './issue-token.ts';
import { tokensOf } from './list-tokens.ts';
import { newSecret, secretDigest } from './token-secret.ts';

/** The minimum length of a bootstrap token, in characters. */
export const MIN_ROOT_TOKEN = 20;

const ROOT = 'root';
const POINTER = keys.rootToken();

/**
 * Creates the administrator `root` and its bootstrap token if they don't exist. A given token replaces an earlier
 * bootstrap token. Without one, the first start generates a token and later starts keep it, unless it has been
 * revoked and root has no other. A given token that has been revoked stays revoked.
 * Returns the secret only if this call generated it. `keep` gets a generated secret before it is stored, so that a
 * token is never stored that nobody has.
 */
export async function ensureRoot(
  registry: Registry,
  given?: string,
  keep: (secret: string) => Promise<void> = async () => {},
): Promise<{ secret?: string; user: User }> {
  if (given !== undefined && given.length < MIN_ROOT_TOKEN) {
    throw new Error(`the root token must have at least ${MIN_ROOT_TOKEN} characters`);
  }
  const user = await rootUser(registry);
  const { pointer, current, isLost } = await readBootstrap(registry, user);
  if (pointer && pointer.sha256 === (given === undefined ? pointer.sha256 : secretDigest(given))) {
    if (!isLost) return { user };
    if (given !== undefined) {
      registry.log.error('the root token of the settings has been revoked: set another one');
      return { user };
    }
  }
  const secret = given ?? newSecret('access');
  if (given === undefined) await keep(secret);
  const sha256 = secretDigest(secret);
  const token: AccessToken = {
    id: current?.id ?? (await registry.ids.next('token')),
    kind: 'personal',
    userId: user.id,
    resourceId: null,
    name: 'bootstrap',
    description: 'Made at the first start',
    scopes: ['api'],
    createdAt: registry.clock.now(),
    expiresAt: null,
    revoked: false,
    lastUsedAt: null,
  };
  const owned = { id: token.id, kind: token.kind, sha256 };
  try {
    await registry.table.write([
      {
        put: itemOf(POINTER, owned),
        when: pointer ? { equals: { sha256: pointer.sha256 } } : { exists: false },
      },
      { put: itemOf(keys.token(sha256), token, inIndex1(indexes.tokens.pk, padId(token.id))) },
      { put: itemOf(keys.ownedToken({ kind: 'user', id: user.id }, token.id), owned) },
      ...(pointer && current ? [{ delete: keys.token(pointer.sha256) }] : []),
    ]);
  } catch (error) {
    if (error instanceof ConditionFailed) return ensureRoot(registry, given, keep);
    throw error;
  }
  return given === undefined ? { secret, user } : { user };
}

/**
 * The bootstrap token that was made last: the pointer to it, and the token unless it is revoked. It is lost if it is
 * revoked and root has no other token for the API, such as one that it was rotated into.
 */
async function readBootstrap(registry: Registry, user: User) {
  const pointer = await readItem<TokenPointer>(registry.table, POINTER);
  if (!pointer) return { isLost: true };
  const token = await readItem<AccessToken>(registry.table, keys.token(pointer.sha256));
  if (token && !token.revoked) return { pointer, current: token, isLost: false };
  const others = await tokensOf(registry, { kind: 'user', id: user.id });
  const now = registry.clock.now();
  const isLost = !others.some((other) => isActive(other.token, now) && other.token.scopes.includes('api'));
  return { pointer, isLost };
}

async function rootUser(registry: Registry): Promise<User> {
  const existing = await findUserByName(registry.table, ROOT);
  if (existing) return existing;
  try {
    const input = { username: ROOT, name: 'Administrator', email: 'root@example.com', admin: true };
    return await createUser(registry, input);
  } catch (error) {
    const other = await findUserByName(registry.table, ROOT);
    if (other) return other;
    throw error;
  }
}
