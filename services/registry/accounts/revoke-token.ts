import type { Actor, EventOwner } from '../../domain/events.ts';
import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { accountEvent } from './account-event.ts';
import { ownerOf, type StoredToken } from './list-tokens.ts';
import { tokenDeletes } from './remove-access.ts';

/** A token to revoke, who does it, and whose it is. */
export interface Revocation {
  readonly stored: StoredToken;
  readonly actor: Actor;
  readonly owner: EventOwner;
}

/**
 * Revokes a token from this moment on. An access token stays listed as revoked; a project's or group's bot loses its
 * membership with its token. Revoking twice is no error.
 */
export async function revokeToken(registry: Registry, input: Revocation): Promise<void> {
  const { token, sha256 } = input.stored;
  try {
    await registry.table.write([
      { update: keys.token(sha256), set: { revoked: true }, when: { equals: { revoked: false } } },
      ...(token.kind === 'project' || token.kind === 'group'
        ? [{ delete: keys.member(ownerOf(token), token.userId) }]
        : []),
      ...revoked(registry, input),
    ]);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}

/** Deletes a deploy token: it stops working from this moment on and is no longer listed. */
export async function deleteDeployToken(registry: Registry, input: Revocation): Promise<void> {
  await registry.table.write([
    ...tokenDeletes(ownerOf(input.stored.token), input.stored),
    ...revoked(registry, input),
  ]);
}

function revoked(registry: Registry, { stored: { token }, actor, owner }: Revocation) {
  return accountEvent(registry.clock.now(), {
    type: 'token_revoked',
    actor,
    owner,
    name: token.name,
    details: { kind: token.kind, token: token.id },
  });
}
