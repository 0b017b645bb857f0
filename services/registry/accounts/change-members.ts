import { levels } from '../../domain/access.ts';
import type { Member, User } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor, EventDetails } from '../../domain/events.ts';
import { ConditionFailed, type Write } from '../../ports/table.ts';
import { hasExpired } from '../access/access-levels.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { type AccountEvent, accountEvent } from './account-event.ts';
import { memberWrite } from './create-user.ts';
import { directMembers, findMember, type KnownMember, type MemberOwner } from './find-members.ts';
import { missingCode, ownerExists } from './issue-token.ts';
import { invalidField } from './paths.ts';

/** A change to the membership of a user in a group or project. */
export interface MemberChange {
  readonly owner: MemberOwner;
  readonly user: User;
  readonly actor: Actor;
}

/** The level of a member, and how long the membership lasts. */
export interface MemberFacts {
  readonly level: number;
  /** The day on which the membership expires, `YYYY-MM-DD`, or null. */
  readonly expiresOn: string | null;
}

/**
 * Adds a user as a member.
 * @throws RegistryError `conflict` if the user is already a member, `invalidRequest` if it is a bot.
 */
export async function addMember(registry: Registry, input: MemberChange & MemberFacts): Promise<Member> {
  const { owner, user, level, expiresOn } = input;
  requirePerson(user);
  const now = registry.clock.now();
  try {
    await registry.table.write([
      { ...memberWrite(owner, user.id, level, expiresOn, now), when: { exists: false } },
      ownerExists(owner),
      ...changeEvent(now, 'member_added', input, { after: { level, expiresOn } }),
    ]);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    if (error.operation > 0) throw new RegistryError(missingCode[owner.kind], undefined, { cause: error });
    throw new RegistryError('conflict', 'Member already exists', { cause: error });
  }
  return { userId: user.id, level, expiresOn, createdAt: now };
}

/**
 * Changes the level or the expiry of a member.
 * @throws RegistryError `notFound` if the user is not a direct member, `invalidRequest` if it is a bot.
 */
export async function changeMember(registry: Registry, input: MemberChange & MemberFacts): Promise<Member> {
  const { owner, user, level, expiresOn } = input;
  requirePerson(user);
  return retryChanged(async () => {
    const now = registry.clock.now();
    const member = await findMember(registry, owner, user.id);
    if (!member) throw new RegistryError('notFound', 'Not found');
    const staysOwner = level >= levels.owner && (expiresOn === null || expiresOn === member.expiresOn);
    await registry.table.write([
      {
        update: keys.member(owner, user.id),
        set: { level, expiresOn },
        when: { equals: { level: member.level, expiresOn: member.expiresOn } },
      },
      ...(staysOwner ? [] : await anotherOwner(registry, owner, member)),
      ...changeEvent(now, 'member_changed', input, { before: factsOf(member), after: { level, expiresOn } }),
    ]);
    return { ...member, level, expiresOn };
  });
}

/** Bots get their one membership with their token, and lose it with it. */
function requirePerson({ bot }: User): void {
  if (bot) throw invalidField('user', 'is the bot of an access token, whose membership cannot be changed');
}

/**
 * Removes a user from the direct members.
 * @throws RegistryError `notFound` if the user is not a direct member.
 */
export async function removeMember(registry: Registry, input: MemberChange): Promise<void> {
  const { owner, user } = input;
  await retryChanged(async () => {
    const member = await findMember(registry, owner, user.id);
    if (!member) throw new RegistryError('notFound', 'Not found');
    await registry.table.write([
      { delete: keys.member(owner, user.id), when: { equals: { level: member.level } } },
      ...(await anotherOwner(registry, owner, member)),
      ...changeEvent(registry.clock.now(), 'member_removed', input, { before: factsOf(member) }),
    ]);
  });
}

/** Requires that a top-level group keeps another active owner, by checks that join the transaction of the change. */
async function anotherOwner(registry: Registry, owner: MemberOwner, leaving: Member): Promise<Write[]> {
  const mayLeave = owner.kind === 'project' || owner.ancestors.length > 0 || leaving.level < levels.owner;
  if (mayLeave) return [];
  const now = registry.clock.now();
  let other: KnownMember | undefined;
  for await (const { member, user } of directMembers(registry, owner)) {
    const isOwner = member.level >= levels.owner && !hasExpired(member, now);
    const canAct = user.state === 'active' && !user.bot;
    if (member.userId === leaving.userId || !isOwner || !canAct) continue;
    other = { member, user };
    break;
  }
  if (!other)
    throw new RegistryError(
      'forbidden',
      'Forbidden - the last owner of a group cannot be removed or demoted',
    );
  const { level } = other.member;
  return [
    { check: keys.member(owner, other.user.id), when: { equals: { level } } },
    { check: keys.user(other.user.id), when: { equals: { state: 'active' } } },
  ];
}

function factsOf({ level, expiresOn }: Member): MemberFacts {
  return { level, expiresOn };
}

function changeEvent<T extends 'member_added' | 'member_changed' | 'member_removed'>(
  now: number,
  type: T,
  { owner, user, actor }: MemberChange,
  details: Omit<EventDetails[T], 'user'>,
): Write[] {
  const { kind, id, path } = owner;
  const name: string = user.username;
  return accountEvent(now, {
    type,
    actor,
    owner: { kind, id, path },
    name,
    details: { user: user.id, ...details },
  } as AccountEvent);
}
