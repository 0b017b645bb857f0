import type { AccessToken } from '../../domain/accounts.ts';
import { isActive, lineageOf } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor, EventOwner } from '../../domain/events.ts';
import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { readItems } from '../records/read-items.ts';
import { accountEvent } from './account-event.ts';
import { type Issued, tokenWrites } from './issue-token.ts';
import { ownerOf, type StoredToken, tokensOf } from './list-tokens.ts';
import { revokeToken } from './revoke-token.ts';
import { lineageRotated, parentKeys, withParents } from './token-parents.ts';
import { newSecret } from './token-secret.ts';

/** A token to replace by a new one. */
export interface Rotation {
  readonly stored: StoredToken<AccessToken>;
  readonly expiresAt: number;
  readonly actor: Actor;
  readonly owner: EventOwner;
}

/**
 * Revokes a token and creates one with the same rights, in one transaction: of two concurrent rotations of one
 * token, only one gets a new token. What was made with the token lives on with the new one. Rotating a token that is already revoked suggests it was stolen, so its
 * whole lineage is revoked.
 * @throws RegistryError `unauthenticated` if the token is revoked or expired.
 */
export async function rotateToken(registry: Registry, input: Rotation): Promise<Issued<AccessToken>> {
  const { stored, owner, actor } = input;
  const old = stored.token;
  const now = registry.clock.now();
  if (old.revoked) await revokeLineage(registry, input);
  if (!isActive(old, now)) throw inactiveToken();
  const id = await registry.ids.next('token');
  const { kind, userId, resourceId, name, description, scopes } = old;
  const token: AccessToken = {
    ...{ id, kind, userId, resourceId, name, description, scopes },
    createdAt: now,
    expiresAt: input.expiresAt,
    revoked: false,
    lastUsedAt: null,
    lineage: lineageOf(old),
    ...(old.parents && { parents: old.parents }),
  };
  const counted = withParents(token, await readItems(registry.table, parentKeys(token)));
  const secret = newSecret('access');
  try {
    await registry.table.write([
      { update: keys.token(stored.sha256), set: { revoked: true }, when: { equals: { revoked: false } } },
      lineageRotated(old, input.expiresAt),
      ...tokenWrites(ownerOf(old), token, secret),
      ...accountEvent(now, {
        type: 'token_rotated',
        actor,
        owner,
        name: old.name,
        details: { kind, token: old.id, successor: id },
      }),
    ]);
  } catch (error) {
    if (error instanceof ConditionFailed) throw inactiveToken();
    throw error;
  }
  return { token: counted, secret };
}

/** Revokes every active token in a token's lineage: all tokens rotated from the same first token. */
export async function revokeLineage(registry: Registry, input: Omit<Rotation, 'expiresAt'>): Promise<void> {
  const lineage = lineageOf(input.stored.token);
  const isLive = ({ token }: StoredToken) => !token.revoked && lineageOf(token) === lineage;
  for (;;) {
    // Repeat until none is left: a live token may be rotated into another one concurrently.
    const found = (await tokensOf(registry, ownerOf(input.stored.token))).filter(isLive);
    if (found.length === 0) break;
    for (const stored of found) await revokeToken(registry, { ...input, stored });
  }
  registry.log.info('a revoked token was presented for rotation; its lineage has been revoked', {
    token: lineage,
  });
}

function inactiveToken(): RegistryError {
  return new RegistryError('unauthenticated', 'Unauthorized - the token is revoked or expired');
}
