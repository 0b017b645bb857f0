/** The first steps of every handler of the management API: identify the caller and check its access. */
import type { Context } from 'hono';
import type { Scope } from '../domain/access.ts';
import type { Group, Principal, Project } from '../domain/accounts.ts';
import { badParameters, RegistryError } from '../domain/errors.ts';
import { authenticate } from '../http/access/authenticate.ts';
import type { CallEnv } from '../http/call.ts';
import {
  authorizeGroup,
  type GroupAction,
  hasScope,
  type ProjectAction,
} from '../registry/access/authorize.ts';
import { type ProjectRights, readRights } from '../registry/access/project-rights.ts';
import { absent, pathMoved, requireDecision } from '../registry/access/refusals.ts';
import { groupsAbove, levelInGroup } from '../registry/access/visible-group.ts';
import {
  findUser,
  findUserByName,
  type Located,
  locateGroup,
  locateProject,
} from '../registry/accounts/find-accounts.ts';
import type { Requester } from '../registry/accounts/take-path.ts';
import { canonicalPath } from './canonical-path.ts';

/** The Hono context of a handler of the management API. */
export type ApiContext = Context<CallEnv>;

/** A caller who is signed in as a user. */
export type SignedIn = Extract<Principal, { kind: 'user' }>;

/** Sets of scopes; a request needs a token with at least one scope of a set. */
export const scopes = {
  read: ['api', 'read_api'],
  write: ['api'],
  profile: ['api', 'read_api', 'read_user'],
  readPackages: ['api', 'read_api', 'read_package_registry', 'write_package_registry'],
  writePackages: ['api', 'write_package_registry'],
} as const satisfies Record<string, readonly Scope[]>;

/**
 * Returns the caller. Administrators may act as another user (`Sudo`).
 * @throws RegistryError when the caller's token lacks the required scope
 */
export async function callerOf(c: ApiContext, needed: readonly Scope[]): Promise<Principal> {
  const principal = await authenticate(c);
  if (principal.kind === 'anonymous') return principal;
  if (!hasScope(principal, needed)) {
    const message = 'The request requires higher privileges than provided by the access token.';
    throw new RegistryError('insufficientScope', message, {
      fields: { scope: needed },
      reason: 'wrong scope',
    });
  }
  const other = c.req.header('sudo') ?? c.req.query('sudo');
  return other ? asUser(c, principal, other) : principal;
}

async function asUser(c: ApiContext, principal: Principal, other: string): Promise<Principal> {
  if (principal.kind !== 'user' || !principal.user.admin || !hasScope(principal, scopes.write)) {
    throw new RegistryError('forbidden', 'Forbidden - Must be admin to use sudo');
  }
  const { table } = c.env.registry;
  const user = /^\d+$/.test(other)
    ? await findUser(table, Number(other))
    : await findUserByName(table, other);
  if (!user) throw new RegistryError('userNotFound', `User with ID or username '${other}' Not Found`);
  c.env.trace.actsAs = user;
  return user.id === principal.user.id ? principal : { ...principal, user, impersonator: principal.user };
}

/** Returns the caller, who must be a user. @throws RegistryError otherwise */
export async function signedIn(c: ApiContext, needed: readonly Scope[]): Promise<SignedIn> {
  const principal = await callerOf(c, needed);
  if (principal.kind === 'anonymous') throw new RegistryError('unauthenticated');
  if (principal.kind === 'deploy') throw new RegistryError('forbidden');
  return principal;
}

/** Requires that a caller is a user. @throws RegistryError `forbidden` otherwise */
export function requireUser(principal: Principal): SignedIn {
  if (principal.kind === 'user') return principal;
  throw new RegistryError('forbidden');
}

/** Returns the caller, who must be an administrator. @throws RegistryError otherwise */
export async function administrator(c: ApiContext, needed: readonly Scope[]): Promise<SignedIn> {
  const principal = await signedIn(c, needed);
  if (!principal.user.admin) throw new RegistryError('forbidden');
  return principal;
}

/** The caller as someone who asks for a path. */
export function requesterOf(principal: Principal): Requester {
  if (principal.kind !== 'user' || principal.user.bot) return {};
  return { userId: principal.user.id, admin: principal.user.admin };
}

/** A project that the caller has access to, and the caller's rights there. */
export interface OpenedProject {
  readonly principal: Principal;
  readonly project: Project;
  readonly rights: ProjectRights;
}

/** Returns the project named by `:id`. @throws RegistryError when the caller may not perform the action on it */
export async function openProject(
  c: ApiContext,
  action: ProjectAction,
  needed: readonly Scope[],
): Promise<OpenedProject> {
  const found = locateProject(c.env.registry.table, c.req.param('id') ?? '');
  const [principal, located] = await inOrder(callerOf(c, needed), found);
  if (!located) throw absent(principal, 'projectNotFound', 'missing');
  const project = located.entity;
  const rights = await readRights(c.env.registry, principal, project);
  requireDecision(rights.decide(action));
  requirePath(c, located);
  return { principal, project, rights };
}

/** A group that the caller has access to, and the caller's effective level there. */
export interface OpenedGroup {
  readonly principal: Principal;
  readonly group: Group;
  readonly level: number;
}

/**
 * Returns the group named by `:id`, which can't be a personal namespace.
 * @throws RegistryError when the caller may not perform the action on it
 */
export async function openGroup(
  c: ApiContext,
  action: GroupAction,
  needed: readonly Scope[],
): Promise<OpenedGroup> {
  const found = locateGroup(c.env.registry.table, c.req.param('id') ?? '');
  const [principal, located] = await inOrder(callerOf(c, needed), found);
  if (located?.entity.kind !== 'group') throw absent(principal, 'groupNotFound', 'missing');
  const group = located.entity;
  const level = await checkGroup(c, action, principal, group);
  requirePath(c, located);
  return { principal, group, level };
}

/**
 * Checks that the caller may perform an action on a group or personal namespace. Returns the caller's level there.
 * @throws RegistryError otherwise; `missing` if the group is hidden, which is the error if it does not exist
 */
export async function checkGroup(
  c: ApiContext,
  action: GroupAction,
  principal: Principal,
  group: Group,
  missing = new RegistryError('groupNotFound', undefined, { reason: 'hidden' }),
): Promise<number> {
  const level = await levelInGroup(c.env.registry, principal, group);
  const decision = authorizeGroup(action, principal, group, level);
  if (decision === 'hidden') {
    const above = await groupsAbove(c.env.registry, principal);
    if (!above.has(group.id)) throw missing;
    requireDecision(action === 'view' ? 'allow' : 'denied');
    return level;
  }
  requireDecision(decision);
  return level;
}

/** Whether the caller may see a group or personal namespace. */
export async function seesGroup(c: ApiContext, principal: Principal, group: Group): Promise<boolean> {
  const { registry } = c.env;
  const level = await levelInGroup(registry, principal, group);
  if (authorizeGroup('view', principal, group, level) === 'allow') return true;
  return (await groupsAbove(registry, principal)).has(group.id);
}

/**
 * Requires that a project or group was named by its id or present path, once the caller is known to have access.
 * @throws MovedTo for reads, RegistryError `pathMoved` for changes
 */
export function requirePath(c: ApiContext, { entity, moved }: Located<Group | Project>): void {
  if (!moved) return;
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD') throw pathMoved(entity);
  const path = canonicalPath(c.req.raw).replace(ID_SEGMENT, `$1${entity.id}`);
  throw new MovedTo(`${c.env.registry.settings.url}${path}${new URL(c.req.url).search}`);
}

/** The start of a path whose last segment names a project or group. */
const ID_SEGMENT = /^(\/api\/v4\/[^/]+\/)[^/]+/;

/** A read that is answered with a redirect to the address by the id, as GitLab does. */
export class MovedTo extends Error {
  override readonly name = 'MovedTo';
  readonly location: string;
  constructor(location: string) {
    super(`moved to ${location}`);
    this.location = location;
  }
}

/** Waits for both promises. If both fail, the error about the caller takes precedence. */
async function inOrder<T>(caller: Promise<Principal>, other: Promise<T>): Promise<[Principal, T]> {
  const [first, second] = await Promise.allSettled([caller, other]);
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  return [first.value, second.value];
}

/** Returns an id in the path. @throws RegistryError when it is not a positive number */
export function idParam(c: ApiContext, name: string): number {
  const text = c.req.param(name) ?? '';
  if (/^[1-9]\d{0,15}$/.test(text)) return Number(text);
  throw badParameters([`${name} is invalid`]);
}
