import type { Actor, EventOwner } from '../../domain/events.ts';
import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { accountEvent } from './account-event.ts';
import { ownerOf, type StoredToken } from './list-tokens.ts';
import { tokenDeletes } from './remove-access.ts';
import { lineageRevoked } from './token-parents.ts';

/** A token to revoke, who revokes it, and its owner. */
export interface Revocation {
  readonly stored: StoredToken;
  readonly actor: Actor;
  readonly owner: EventOwner;
}

/**
 * Revokes a token with immediate effect, and everything that was made with it. An access token stays in lists, as
 * revoked; the bot of a project or group token also loses its membership. Revoking a token again does nothing.
 */
export async function revokeToken(registry: Registry, input: Revocation): Promise<void> {
  const { token, sha256 } = input.stored;
  try {
    await registry.table.write([
      { update: keys.token(sha256), set: { revoked: true }, when: { equals: { revoked: false } } },
      ...(token.kind === 'project' || token.kind === 'group'
        ? [{ delete: keys.member(ownerOf(token), token.userId) }]
        : []),
      lineageRevoked(token),
      ...revokedEvent(registry, input),
    ]);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}

/** Deletes a deploy token: it stops working immediately and is no longer in lists. */
export async function deleteDeployToken(registry: Registry, input: Revocation): Promise<void> {
  await registry.table.write([
    ...tokenDeletes(ownerOf(input.stored.token), input.stored),
    ...revokedEvent(registry, input),
  ]);
}

function revokedEvent(registry: Registry, { stored: { token }, actor, owner }: Revocation) {
  return accountEvent(registry.clock.now(), {
    type: 'token_revoked',
    actor,
    owner,
    name: token.name,
    details: { kind: token.kind, token: token.id },
  });
}
