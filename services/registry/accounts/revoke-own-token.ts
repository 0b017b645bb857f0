import type { Group, Project, Token, User } from '../../domain/accounts.ts';
import type { Actor, EventOwner } from '../../domain/events.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { readItem } from '../records/read-items.ts';
import { findTokenBySecret, ownerOf } from './list-tokens.ts';
import { revokeToken } from './revoke-token.ts';

/**
 * Revokes the access token of a secret for its bearer. Returns false for a deploy token, which only those who manage
 * the project or group can delete, and for a secret that is not a token.
 */
export async function revokeOwnToken(registry: Registry, secret: string, actor: Actor): Promise<boolean> {
  const stored = await findTokenBySecret(registry, secret);
  if (!stored || !('userId' in stored.token)) return false;
  await revokeToken(registry, { stored, actor, owner: await eventOwnerOf(registry, stored.token) });
  return true;
}

/** The owner of a token, as events name it. */
async function eventOwnerOf({ table }: Registry, token: Token): Promise<EventOwner> {
  const owner = ownerOf(token);
  switch (owner.kind) {
    case 'user':
      return { ...owner, path: (await readItem<User>(table, keys.user(owner.id)))?.username ?? '' };
    case 'project':
      return { ...owner, path: (await readItem<Project>(table, keys.project(owner.id)))?.fullPath ?? '' };
    case 'group':
      return { ...owner, path: (await readItem<Group>(table, keys.group(owner.id)))?.fullPath ?? '' };
  }
}
