import type { Group, Member, Project, User } from '../../domain/accounts.ts';
import { MAX_PAGE } from '../../ports/table-rules.ts';
import { inChunks, mergeSorted } from '../../shared/merge-sorted.ts';
import { hasExpired } from '../access/access-levels.ts';
import type { Registry } from '../context.ts';
import { entityOf, maybeEntity } from '../records/entities.ts';
import { keys, type Owner, ranges } from '../records/keys.ts';
import { queryGrowing } from '../records/query-all.ts';
import { readItems } from '../records/read-items.ts';
import { usersById, type Walk } from './list-accounts.ts';

/** A group or project as the owner of members. */
export type MemberOwner = Owner & {
  readonly kind: 'group' | 'project';
  readonly path: string;
  /** The ids of the groups above it, root first. */
  readonly ancestors: readonly number[];
};

/** A member with its user. */
export interface KnownMember {
  readonly member: Member;
  readonly user: User;
}

/** A group or project as the owner of its members and tokens. */
export function memberOwner(resource: Group | Project): MemberOwner {
  const kind = 'namespaceId' in resource ? 'project' : 'group';
  return { kind, id: resource.id, path: resource.fullPath, ancestors: resource.ancestors };
}

/** The direct members of a group or project by user id, read page by page. */
export async function* directMembers(
  registry: Registry,
  owner: Owner,
  walk: Walk = {},
): AsyncGenerator<KnownMember> {
  for await (const members of memberPages(registry, owner, walk)) yield* await withUsers(registry, members);
}

/**
 * The direct and inherited members of a group or project by user id, each once with the highest level, read page by
 * page.
 */
export async function* allMembers(
  registry: Registry,
  owner: MemberOwner,
  walk: Walk = {},
): AsyncGenerator<KnownMember> {
  const { atOnce = MAX_PAGE, descending = false } = walk;
  const direction = descending ? -1 : 1;
  const each = [owner, ...groupsAbove(owner)].map((one) => membersIn(registry, one, walk));
  const merged = mergeSorted(each, (a, b) => (a.userId - b.userId) * direction);
  for await (const members of inChunks(highestOfEach(merged, registry.clock.now()), atOnce)) {
    yield* await withUsers(registry, members);
  }
}

/** Keeps one membership of each user: the one that has not expired and has the highest level. */
async function* highestOfEach(members: AsyncIterable<Member>, now: number): AsyncGenerator<Member> {
  let highest: Member | undefined;
  for await (const member of members) {
    if (hasExpired(member, now)) continue;
    if (highest && highest.userId !== member.userId) yield highest;
    const higher = !highest || highest.userId !== member.userId || member.level > highest.level;
    if (higher) highest = member;
  }
  if (highest) yield highest;
}

async function* membersIn(registry: Registry, owner: Owner, walk: Walk): AsyncGenerator<Member> {
  for await (const members of memberPages(registry, owner, walk)) yield* members;
}

async function* memberPages(
  registry: Registry,
  owner: Owner,
  { after, descending = false, atOnce = MAX_PAGE }: Walk,
): AsyncGenerator<readonly Member[]> {
  const query = {
    ...ranges.members(owner),
    reverse: descending,
    ...(after !== undefined && { after: keys.member(owner, after).sk }),
  };
  for await (const items of queryGrowing(registry.table, query, atOnce)) {
    yield items.map((item) => entityOf<Member>(item));
  }
}

/** The direct or, with `inherited`, the highest membership of a user, with the user. Undefined if there is none. */
export async function findKnownMember(
  registry: Registry,
  owner: MemberOwner,
  userId: number,
  inherited: boolean,
): Promise<KnownMember | undefined> {
  const owners = inherited ? [owner, ...groupsAbove(owner)] : [owner];
  const memberKeys = owners.map((each) => keys.member(each, userId));
  const items = await readItems(registry.table, [...memberKeys, keys.user(userId)]);
  const user = items.get<User>(keys.user(userId));
  const now = registry.clock.now();
  const [member] = memberKeys
    .flatMap((key) => items.get<Member>(key) ?? [])
    .filter((each) => !inherited || !hasExpired(each, now))
    .sort((a, b) => b.level - a.level);
  return member && user && { member, user };
}

/** The direct member of a group or project with this user id, or undefined. */
export async function findMember(
  registry: Registry,
  owner: Owner,
  userId: number,
): Promise<Member | undefined> {
  return maybeEntity<Member>(await registry.table.get(keys.member(owner, userId)));
}

/** The level that a user inherits from the groups above. */
export async function inheritedLevel(
  registry: Registry,
  owner: MemberOwner,
  userId: number,
): Promise<number> {
  const now = registry.clock.now();
  const above = groupsAbove(owner).map((group) => keys.member(group, userId));
  if (above.length === 0) return 0;
  const members = (await registry.table.getMany(above)).map((item) => maybeEntity<Member>(item));
  return Math.max(0, ...members.map((member) => (member && !hasExpired(member, now) ? member.level : 0)));
}

function groupsAbove(owner: MemberOwner): Owner[] {
  return owner.ancestors.map((id) => ({ kind: 'group', id }));
}

async function withUsers(registry: Registry, members: readonly Member[]): Promise<KnownMember[]> {
  const users = await usersById(
    registry,
    members.map(({ userId }) => userId),
  );
  return members.flatMap((member) => {
    const user = users.get(member.userId);
    return user ? [{ member, user }] : [];
  });
}
