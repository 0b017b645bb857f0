import { levels } from '../../domain/access.ts';
import type { Group, Member, User } from '../../domain/accounts.ts';
import { ConditionFailed, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf } from '../entities.ts';
import { indexes, inIndex1, keys, padId } from '../keys.ts';
import { checkPath, taken } from './paths.ts';

/** A user to make. */
export interface NewUser {
  readonly username: string;
  readonly name: string;
  readonly email: string;
  readonly admin?: boolean;
}

/** Makes a user with a personal namespace of the same path, which the user owns. */
export async function createUser(registry: Registry, input: NewUser): Promise<User> {
  const now = registry.clock.now();
  const path = checkPath(input.username);
  const [id, namespaceId] = await Promise.all([registry.ids.next('user'), registry.ids.next('namespace')]);
  const user: User = {
    id,
    username: path,
    name: input.name,
    email: input.email,
    state: 'active',
    admin: input.admin ?? false,
    bot: false,
    namespaceId,
    createdAt: now,
  };
  const namespace: Group & { userId: number } = {
    id: namespaceId,
    kind: 'user',
    userId: id,
    name: input.name,
    path,
    fullName: input.name,
    fullPath: path,
    parentId: null,
    ancestors: [],
    description: '',
    visibility: 'public',
    projectCreationLevel: 'owner',
    subgroupCreationLevel: 'owner',
    settings: { duplicates: {} },
    createdAt: now,
  };
  await claimingPath(() =>
    registry.table.write([
      { put: itemOf(keys.route(path), { kind: 'user', id: namespaceId }), when: { exists: false } },
      { put: itemOf(keys.user(id), user, inIndex1(indexes.users.pk, padId(id))), when: { exists: false } },
      { put: itemOf(keys.group(namespaceId), namespace), when: { exists: false } },
      memberWrite({ kind: 'group', id: namespaceId }, id, levels.owner, null, now),
    ]),
  );
  return user;
}

/** Makes the user behind a project or group access token, as writes for the transaction that makes the token. */
export function botWrites(user: User): Write[] {
  return [
    { put: itemOf(keys.route(user.username), { kind: 'user', id: 0 }), when: { exists: false } },
    { put: itemOf(keys.user(user.id), user, inIndex1(indexes.users.pk, padId(user.id))) },
  ];
}

/** A membership as a write; listed under the group or project, and by index under the user. */
export function memberWrite(
  owner: { readonly kind: 'group' | 'project'; readonly id: number },
  userId: number,
  level: number,
  expiresOn: string | null,
  now: number,
): Write {
  const member: Member = { userId, level, expiresOn, createdAt: now };
  const index = inIndex1(indexes.memberships(userId).pk, `${owner.kind}#${padId(owner.id)}`);
  return { put: itemOf(keys.member(owner, userId), member, index) };
}

/** Runs writes of which the first claims a path; a path that someone has is a validation error. */
export async function claimingPath(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (error instanceof ConditionFailed) throw taken('path', 'has already been taken');
    throw error;
  }
}
