import type { Group, Project, Token, User } from '../../domain/accounts.ts';
import type { EventOwner } from '../../domain/events.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { readItem } from '../records/read-items.ts';
import { ownerOf } from './list-tokens.ts';

/** The owner of a token, as events name it. */
export async function eventOwnerOf({ table }: Registry, token: Token): Promise<EventOwner> {
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
