import type { AccessToken } from '../../domain/accounts.ts';
import { isActive, lineageOf } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor, EventOwner } from '../../domain/events.ts';
import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { accountEvent } from './account-event.ts';
import { type Issued, tokenWrites } from './issue-token.ts';
import { ownerOf, type StoredToken, tokensOf } from './list-tokens.ts';
import { revokeToken } from './revoke-token.ts';
import { newSecret } from './token-secret.ts';

/** A token to put another in the place of. */
export interface Rotation {
  readonly stored: StoredToken<AccessToken>;
  readonly expiresAt: number;
  readonly actor: Actor;
  readonly owner: EventOwner;
}

/**
 * Revokes a token and makes one that may do the same, in one transaction: of two that rotate one token at once, one
 * gets a new token. A token that had been revoked before is in wrong hands: everything that came of it is revoked.
 * @throws RegistryError `unauthenticated` when the token no longer works.
 */
export async function rotateToken(registry: Registry, input: Rotation): Promise<Issued<AccessToken>> {
  const { stored, owner, actor } = input;
  const old = stored.token;
  const now = registry.clock.now();
  if (old.revoked) await revokeLineage(registry, input);
  if (!isActive(old, now)) throw noLonger();
  const id = await registry.ids.next('token');
  const { kind, userId, resourceId, name, description, scopes } = old;
  const token: AccessToken = {
    ...{ id, kind, userId, resourceId, name, description, scopes },
    createdAt: now,
    expiresAt: input.expiresAt,
    revoked: false,
    lastUsedAt: null,
    lineage: lineageOf(old),
  };
  const secret = newSecret('access');
  try {
    await registry.table.write([
      { update: keys.token(stored.sha256), set: { revoked: true }, when: { equals: { revoked: false } } },
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
    if (error instanceof ConditionFailed) throw noLonger();
    throw error;
  }
  return { token, secret };
}

/** Revokes every live token that came of the same first token by rotation. */
export async function revokeLineage(registry: Registry, input: Omit<Rotation, 'expiresAt'>): Promise<void> {
  const lineage = lineageOf(input.stored.token);
  const live = ({ token }: StoredToken) => !token.revoked && lineageOf(token) === lineage;
  for (;;) {
    // Read again until none is left: a live one may just be rotated into another.
    const found = (await tokensOf(registry, ownerOf(input.stored.token))).filter(live);
    if (found.length === 0) break;
    for (const stored of found) await revokeToken(registry, { ...input, stored });
  }
  registry.log.info('revoked token presented for rotation, its successors are revoked', { token: lineage });
}

function noLonger(): RegistryError {
  return new RegistryError('unauthenticated', 'Unauthorized - the token is revoked or expired');
}
