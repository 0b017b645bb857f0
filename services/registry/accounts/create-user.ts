import { levels } from '../../domain/access.ts';
import type { Group, Member, Membership, Project, User } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import { ConditionFailed, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf } from '../records/entities.ts';
import { indexes, inIndex1, keys, padId } from '../records/keys.ts';
import { accountEvent } from './account-event.ts';
import { withoutDeployName } from './deploy-names.ts';
import { checkPath, fullPathOf } from './paths.ts';
import { pathTaken, takePath } from './take-path.ts';

/** A user to create. */
export interface NewUser {
  readonly username: string;
  readonly name: string;
  readonly email: string;
  readonly admin?: boolean;
  readonly actor?: Actor | undefined;
}

/**
 * Creates a user with a personal namespace of the same path, which the user owns. A path reserved for the previous
 * owners of a group is taken, whoever asks: an administrator has to release it before somebody else gets it.
 * @throws RegistryError `invalidRequest` if the user name is invalid, taken, or that of a deploy token.
 */
export async function createUser(registry: Registry, input: NewUser): Promise<User> {
  const now = registry.clock.now();
  const path = fullPathOf(checkPath(input.username));
  const free = await withoutDeployName(registry, path);
  if (!free) throw pathTaken();
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
  const route = { kind: 'user', id: namespaceId, userId: id } as const;
  const newPath = await takePath(registry, { fullPath: path, route, parent: undefined, by: {} });
  await takingPath(
    async () =>
      registry.table.write([
        newPath.write,
        free,
        { put: itemOf(keys.user(id), user, inIndex1(indexes.users.pk, padId(id))), when: { exists: false } },
        { put: itemOf(keys.group(namespaceId), namespace), when: { exists: false } },
        memberWrite({ kind: 'group', id: namespaceId }, id, levels.owner, null, now),
        ...accountEvent(now, {
          type: 'user_created',
          actor: input.actor,
          owner: { kind: 'user', id, path },
          name: path,
          details: { admin: user.admin },
        }),
      ]),
    2,
  );
  return user;
}

/** The writes that create the bot user of a project or group access token, for the token's transaction. */
export function botWrites(user: User): Write[] {
  const route = { kind: 'user', id: user.namespaceId, userId: user.id };
  return [
    { put: itemOf(keys.route(user.username), route), when: { exists: false } },
    { put: itemOf(keys.user(user.id), user, inIndex1(indexes.users.pk, padId(user.id))) },
  ];
}

/** The write that stores a membership, which is found under its group or project and, through an index, under its user. */
export function memberWrite(
  owner: { readonly kind: 'group' | 'project'; readonly id: number },
  userId: number,
  level: number,
  expiresOn: string | null,
  now: number,
): Write {
  const member: Member = { userId, level, expiresOn, createdAt: now };
  const membership: Membership = { ...member, ownerKind: owner.kind, ownerId: owner.id };
  const index = inIndex1(indexes.memberships(userId).pk, `${owner.kind}#${padId(owner.id)}`);
  return { put: itemOf(keys.member(owner, userId), membership, index) };
}

/**
 * Executes writes, the first of which take a path. Any other condition concerns the parent group.
 * @param first how many take the path
 * @throws RegistryError `invalidRequest` if the path is taken, `conflict` if the parent group has changed since
 * it was read.
 */
export async function takingPath(write: () => Promise<void>, first = 1): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    if (error.operation < first) throw pathTaken();
    throw new RegistryError('conflict', 'The group has just changed; try again', { cause: error });
  }
}

/** The write that counts one more child in a namespace. Fails if the namespace has changed since it was read. */
export function childAdded(parent: Group): Write {
  return {
    update: keys.group(parent.id),
    add: { children: 1 },
    when: {
      equals: {
        fullPath: parent.fullPath,
        visibility: parent.visibility,
        removing: undefined,
        moving: undefined,
      },
    },
  };
}

/**
 * The write that counts some children less in a namespace, and remembers that packages were published in one of them or
 * below, so that the path of the namespace is reserved as well once it is deleted.
 */
export function childrenRemoved(
  parentId: number,
  removed: readonly Pick<Group | Project, 'published'>[],
): Write {
  return {
    update: keys.group(parentId),
    add: { children: -removed.length },
    ...(removed.some(({ published }) => published) && { set: { published: true } }),
    when: { exists: true },
  };
}
