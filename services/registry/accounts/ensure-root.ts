import type { AccessToken, User } from '../../domain/accounts.ts';
import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf } from '../records/entities.ts';
import { indexes, inIndex1, keys, padId } from '../records/keys.ts';
import { readItem } from '../records/read-items.ts';
import { createUser } from './create-user.ts';
import { findUserByName } from './find-accounts.ts';
import { newSecret, secretDigest } from './token-secret.ts';

/** The minimum length of a bootstrap token, in characters. */
export const MIN_ROOT_TOKEN = 20;

const ROOT = 'root';
const POINTER = keys.rootToken();

/**
 * Creates the administrator `root` and its bootstrap token if they don't exist. A given token replaces an earlier
 * bootstrap token. Without one, the first start generates a token and later starts keep it, unless it has been
 * revoked. A given token that has been revoked stays revoked.
 * Returns the secret only if this call generated it.
 */
export async function ensureRoot(
  registry: Registry,
  given?: string,
): Promise<{ secret?: string; user: User }> {
  if (given !== undefined && given.length < MIN_ROOT_TOKEN) {
    throw new Error(`the root token must have at least ${MIN_ROOT_TOKEN} characters`);
  }
  const user = await rootUser(registry);
  const pointer = await registry.table.get(POINTER);
  const current =
    pointer && (await readItem<AccessToken>(registry.table, keys.token(String(pointer.sha256))));
  const isLost = !current || current.revoked;
  if (pointer && given !== undefined && pointer.sha256 === secretDigest(given)) {
    if (isLost) registry.log.error('the root token of the settings has been revoked: set another one');
    return { user };
  }
  if (pointer && given === undefined && !isLost) return { user };
  const secret = given ?? newSecret('access');
  const sha256 = secretDigest(secret);
  const token: AccessToken = {
    id: current && !isLost ? current.id : await registry.ids.next('token'),
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
        when: pointer ? { equals: { sha256: String(pointer.sha256) } } : { exists: false },
      },
      { put: itemOf(keys.token(sha256), token, inIndex1(indexes.tokens.pk, padId(token.id))) },
      { put: itemOf(keys.ownedToken({ kind: 'user', id: user.id }, token.id), owned) },
      ...(current && !isLost ? [{ delete: keys.token(String(pointer?.sha256)) }] : []),
    ]);
  } catch (error) {
    if (error instanceof ConditionFailed) return ensureRoot(registry, given);
    throw error;
  }
  return given === undefined ? { secret, user } : { user };
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
