import type { Hono } from 'hono';
import * as z from 'zod';
import { grantableLevels, levels, type Scope } from '../domain/access.ts';
import type { Principal, User } from '../domain/accounts.ts';
import { badParameters, RegistryError } from '../domain/errors.ts';
import { actorOf } from '../http/access/actor.ts';
import { reply, replyJson } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';
import { addMember, changeMember, removeMember } from '../registry/accounts/change-members.ts';
import { findUser, findUserByName } from '../registry/accounts/find-accounts.ts';
import {
  allMembers,
  directMembers,
  findKnownMember,
  findMember,
  inheritedLevel,
  type KnownMember,
  type MemberOwner,
  memberOwner,
} from '../registry/accounts/find-members.ts';
import { filtered } from '../registry/accounts/list-accounts.ts';
import { memberJson } from './json/token-json.ts';
import { pageOf, paging, rowsById } from './paginate.ts';
import { day, integer, listOf, readParams, text } from './params.ts';
import { type ApiContext, idParam, openGroup, openProject, scopes } from './request.ts';
import { userOf } from './users.ts';

const listParams = z.object({
  ...paging,
  query: text.optional(),
  user_ids: listOf(integer).optional(),
  skip_users: listOf(integer).default([]),
});

const newMember = z.object({
  user_id: listOf(integer).optional(),
  username: listOf(text).optional(),
  access_level: integer,
  expires_at: day.optional(),
});

const changedMember = z.object({ access_level: integer, expires_at: day.optional() });

/** The collection that the owner is in: members are the same resource below `/projects` and `/groups`. */
type Collection = 'projects' | 'groups';

/** The group or project whose members are requested, and the caller with its level there. */
interface Opened {
  readonly owner: MemberOwner;
  readonly principal: Principal;
  readonly level: number;
}

/** `/projects/:id/members` and `/groups/:id/members`: direct members, and with `/all` also inherited ones. */
export function memberRoutes(app: Hono<CallEnv>): void {
  for (const collection of ['projects', 'groups'] as const) {
    const path = `/${collection}/:id/members`;
    app.get(path, (c) => listMembers(c, collection, directMembers));
    app.get(`${path}/all`, (c) => listMembers(c, collection, allMembers));
    app.get(`${path}/all/:user_id`, (c) => showMember(c, collection, true));
    app.get(`${path}/:user_id`, (c) => showMember(c, collection, false));
    app.post(path, (c) => addMembers(c, collection));
    app.put(`${path}/:user_id`, (c) => updateMember(c, collection));
    app.delete(`${path}/:user_id`, (c) => deleteMember(c, collection));
  }
}

type WalkMembers = typeof allMembers | typeof directMembers;

async function open(
  c: ApiContext,
  collection: Collection,
  purpose: 'view' | 'manage',
  needed: readonly Scope[] = purpose === 'view' ? scopes.read : scopes.write,
): Promise<Opened> {
  if (collection === 'groups') {
    const { group, ...rest } = await openGroup(c, purpose === 'view' ? 'view-members' : 'own', needed);
    return { ...rest, owner: memberOwner(group) };
  }
  const { project, principal, rights } = await openProject(c, purpose === 'view' ? 'view' : 'admin', needed);
  return { principal, level: rights.level, owner: memberOwner(project) };
}

async function listMembers(
  c: ApiContext,
  collection: Collection,
  walkMembers: WalkMembers,
): Promise<Response> {
  const { owner } = await open(c, collection, 'view');
  const params = await readParams(c, listParams);
  const part = params.query?.toLowerCase();
  const passes = ({ user }: KnownMember) => {
    if (params.skip_users.includes(user.id)) return false;
    if (params.user_ids && !params.user_ids.includes(user.id)) return false;
    return part === undefined || `${user.name}\n${user.username}`.toLowerCase().includes(part);
  };
  const inOrder = rowsById(
    params,
    false,
    ({ user }: KnownMember) => user.id,
    (walk) => filtered(walkMembers(c.env.registry, owner, walk), passes),
  );
  const { rows, headers } = await pageOf(c, params, inOrder);
  const { url } = c.env.registry.settings;
  return replyJson(
    c,
    200,
    rows.map((member) => memberJson(url, member)),
    headers,
  );
}

async function showMember(c: ApiContext, collection: Collection, inherited: boolean): Promise<Response> {
  const { owner } = await open(c, collection, 'view');
  const member = await findKnownMember(c.env.registry, owner, idParam(c, 'user_id'), inherited);
  if (!member) throw new RegistryError('notFound', 'Not found');
  return replyJson(c, 200, memberJson(c.env.registry.settings.url, member));
}

async function addMembers(c: ApiContext, collection: Collection): Promise<Response> {
  const opened = await open(c, collection, 'manage');
  const input = await readParams(c, newMember);
  const users = await usersToAdd(c, input);
  const [only] = users;
  if (users.length === 1 && only) {
    return replyJson(c, 201, memberJson(c.env.registry.settings.url, await add(c, opened, only, input)));
  }
  const problems = new Map<string, string>();
  for (const user of users) {
    try {
      await add(c, opened, user, input);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      problems.set(user.username, error.message);
    }
  }
  if (problems.size === 0) return replyJson(c, 201, { status: 'success' });
  return replyJson(c, 201, { status: 'error', message: Object.fromEntries(problems) });
}

async function usersToAdd(c: ApiContext, input: z.infer<typeof newMember>): Promise<User[]> {
  const { user_id: ids = [], username: names = [] } = input;
  if (ids.length + names.length === 0) {
    throw badParameters(['user_id, username are missing, at least one parameter must be provided']);
  }
  const { table } = c.env.registry;
  const found = await Promise.all([
    ...ids.map((id) => findUser(table, id)),
    ...names.map((name) => findUserByName(table, name)),
  ]);
  return found.map((user) => {
    if (user) return user;
    throw new RegistryError('userNotFound');
  });
}

async function add(
  c: ApiContext,
  { owner, principal, level }: Opened,
  user: User,
  input: { readonly access_level: number; readonly expires_at?: string | null | undefined },
): Promise<KnownMember> {
  await checkGrant(c, owner, user, input.access_level, level);
  const member = await addMember(c.env.registry, {
    owner,
    user,
    actor: actorOf(principal, c),
    level: input.access_level,
    expiresOn: expiryOf(c, input.expires_at) ?? null,
  });
  return { member, user };
}

async function updateMember(c: ApiContext, collection: Collection): Promise<Response> {
  const { owner, principal, level } = await open(c, collection, 'manage');
  const { registry } = c.env;
  const user = await userOf(c);
  const before = await findMember(registry, owner, user.id);
  if (!before) throw new RegistryError('notFound', 'Not found');
  const input = await readParams(c, changedMember);
  if (before.level > level) throw new RegistryError('forbidden');
  await checkGrant(c, owner, user, input.access_level, level);
  const expiresOn = expiryOf(c, input.expires_at);
  const member = await changeMember(registry, {
    owner,
    user,
    actor: actorOf(principal, c),
    level: input.access_level,
    expiresOn: expiresOn === undefined ? before.expiresOn : expiresOn,
  });
  return replyJson(c, 200, memberJson(registry.settings.url, { member, user }));
}

/** Removes a member. Members may always remove themselves. */
async function deleteMember(c: ApiContext, collection: Collection): Promise<Response> {
  const { registry } = c.env;
  const userId = idParam(c, 'user_id');
  const viewed = await open(c, collection, 'view', scopes.write);
  const isSelf = viewed.principal.kind === 'user' && viewed.principal.user.id === userId;
  const { owner, principal, level } = isSelf ? viewed : await open(c, collection, 'manage');
  const user = await userOf(c);
  const member = await findMember(registry, owner, userId);
  if (!member) throw new RegistryError('notFound', 'Not found');
  if (!isSelf && member.level > level) throw new RegistryError('forbidden');
  await removeMember(registry, { owner, user, actor: actorOf(principal, c) });
  return reply(c, 204, null);
}

/**
 * Checks that the caller may grant a level: it is a valid one, not above the caller's (`ownLevel`), and not below
 * the level that the user inherits from parent groups.
 */
async function checkGrant(
  c: ApiContext,
  owner: MemberOwner,
  user: User,
  level: number,
  ownLevel: number,
): Promise<void> {
  const minimum = owner.kind === 'project' ? levels.guest : levels.minimal;
  if (!grantableLevels.includes(level) || level < minimum) {
    throw badParameters(['access_level does not have a valid value']);
  }
  if (level > ownLevel) throw new RegistryError('forbidden');
  const inherited = await inheritedLevel(c.env.registry, owner, user.id);
  if (level < inherited) {
    const reason = 'should be greater than or equal to the inherited membership of a group above';
    throw new RegistryError('invalidRequest', undefined, { fields: { access_level: [reason] } });
  }
}

/** Returns the requested expiry date; undefined if absent. @throws RegistryError when it is in the past */
function expiryOf(c: ApiContext, requested: string | null | undefined): string | null | undefined {
  const today = new Date(c.env.registry.clock.now()).toISOString().slice(0, 10);
  if (typeof requested === 'string' && requested < today) {
    throw new RegistryError('invalidRequest', undefined, {
      fields: { expires_at: ['cannot be a date in the past'] },
    });
  }
  return requested;
}
