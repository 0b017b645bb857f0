import type { Group, Principal, Project, Token } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { PackageHead, PackageRef } from '../../domain/packages.ts';
import type { Item, Key } from '../../ports/table.ts';
import { effectiveLevelOf, projectMemberKeys } from '../../registry/access/access-levels.ts';
import { authorizeProject, type Decision, type ProjectAction } from '../../registry/access/authorize.ts';
import { findGroup, findProject } from '../../registry/accounts/find-accounts.ts';
import type { Registry } from '../../registry/context.ts';
import {
  listHolders,
  locatePackages,
  type Place,
  placeWithin,
} from '../../registry/packages/locate-packages.ts';
import { rootOf } from '../../registry/packages/package-writes.ts';
import { maybeEntity, type NameEntry, type StoredHead } from '../../registry/records/entities.ts';
import { keys } from '../../registry/records/keys.ts';
import type { Format, FormatCall } from '../format/format.ts';
import { presentedToken, principalOf, userIdOf, userKeys } from './authenticate.ts';
import { absent, requireVisibleGroup } from './visible-group.ts';

/** A project that holds the asked package (or is to hold it), and may be used for the asked action. */
export interface Found {
  readonly project: Project;
  /** Absent when the project has no package of the name. */
  readonly head: PackageHead | undefined;
  /** The items under the keys asked for with `more`. */
  readonly items: readonly (Item | undefined)[];
}

/** What a request may work with, after credentials and access were checked. */
export interface Scope {
  readonly principal: Principal;
  /** At project level the project, found or not; at group and instance level undefined. */
  readonly project: Project | undefined;
  /** At group level the group. */
  readonly group: Group | undefined;
  /** The projects that hold the asked name and allow the action, the first one winning. */
  readonly found: readonly Found[];
}

/** What a route asks of its scope. */
export interface ScopeRequest {
  readonly action: ProjectAction;
  /** The package name asked for, normalised; without one nothing is looked up. */
  readonly name: string | undefined;
  /** Keys to read beside the head, in the same round trip. */
  readonly more: (ref: PackageRef) => readonly Key[];
}

/**
 * Checks credentials and access of a request at its level, and reads what it asked for on the way: two sequential
 * round trips at project level, three at group and instance level.
 */
export async function openScope(call: FormatCall, request: Request, wanted: ScopeRequest): Promise<Scope> {
  const { address, registry } = call;
  const token = presentedToken(registry, request, call.format.tokenHeaders);
  if (address.level === 'project') {
    const [credential, project] = await both(token, findProject(registry.table, address.owner));
    return projectScope(call, credential, project, wanted);
  }
  const grouped =
    address.level === 'group' ? findGroup(registry.table, address.owner) : Promise.resolve(undefined);
  const [credential, group] = await both(token, grouped);
  return sharedScope(call, credential, group, wanted);
}

/** Waits for both, a bad credential going before whatever the other says. */
async function both<T>(
  token: Promise<Token | undefined>,
  other: Promise<T>,
): Promise<[Token | undefined, T]> {
  const [credential, value] = await Promise.allSettled([token, other]);
  if (credential.status === 'rejected') throw credential.reason;
  if (value.status === 'rejected') throw value.reason;
  return [credential.value, value.value];
}

async function projectScope(
  call: FormatCall,
  token: Token | undefined,
  project: Project | undefined,
  wanted: ScopeRequest,
): Promise<Scope> {
  const { registry, address } = call;
  const users = userKeys(token);
  if (!project) {
    const [user] = await registry.table.getMany(users);
    throw absent(principalOf(token, user), 'projectNotFound');
  }
  const userId = userIdOf(token);
  const members = userId === undefined ? [] : projectMemberKeys(project, userId);
  const ref =
    wanted.name === undefined
      ? undefined
      : { projectId: project.id, format: address.format, name: wanted.name };
  const asked = keysAsked(wanted);
  const warm = ref ? [keys.head(ref), ...asked.keys(ref)] : [];
  const wantedKeys = [...users, ...members, ...warm];
  const items = wantedKeys.length === 0 ? [] : await registry.table.getMany(wantedKeys);
  const principal = principalOf(token, users.length > 0 ? items[0] : undefined);
  const memberships = items.slice(users.length, users.length + members.length);
  const level = effectiveLevelOf(memberships, registry.clock.now());
  requireDecision(authorizeProject(wanted.action, principal, project, level));
  asked.check();
  const [head, ...more] = items.slice(users.length + members.length);
  return {
    principal,
    project,
    group: undefined,
    found: ref ? [{ project, head: liveHead(head), items: more }] : [],
  };
}

function liveHead(item: Item | undefined): PackageHead | undefined {
  const head = maybeEntity<StoredHead>(item);
  return head?.live ? head : undefined;
}

async function sharedScope(
  call: FormatCall,
  token: Token | undefined,
  group: Group | undefined,
  wanted: ScopeRequest,
): Promise<Scope> {
  const { registry, address } = call;
  const users = userKeys(token);
  const place: Place | undefined = placeOf(call, group, wanted.name);
  const [items, holders] = await Promise.all([
    users.length > 0 ? registry.table.getMany(users) : Promise.resolve([]),
    place ? listHolders(registry, place) : [],
  ]);
  const principal = principalOf(token, items[0]);
  if (address.level === 'group' && !group) throw absent(principal, 'groupNotFound');
  const scope = { principal, project: undefined, group };
  if (!place) return { ...scope, found: [] };
  const userId = userIdOf(token);
  const memberKeys = ({ projectId, ancestors }: NameEntry) =>
    userId === undefined ? [] : projectMemberKeys({ id: projectId, ancestors }, userId);
  const asked = keysAsked(wanted);
  const belongs = group ? () => true : ownersOf(call, place.name);
  const now = registry.clock.now();
  const found: Found[] = [];
  let refusal: Decision | undefined;
  for await (const located of locatePackages(registry, holders, place, memberKeys, asked.keys)) {
    const { project, head, memberships, items } = located;
    const decision = authorizeProject(wanted.action, principal, project, effectiveLevelOf(memberships, now));
    if (decision === 'allow' && belongs(project)) found.push({ project, head, items });
    else if (decision !== 'allow' && decision !== 'hidden' && decision !== 'unauthenticated')
      refusal ??= decision;
    if (found.length === MAX_FOUND) break;
  }
  if (found.length === 0) await refuseMissing(call, scope, wanted.action, refusal);
  else asked.check();
  return { ...scope, found };
}

/**
 * Throws what a name without a project that allows the action gives: the same whether there is none or it is hidden, as
 * is the group. Who needs no more than credentials is asked for them. Otherwise the route says that nothing was found.
 */
async function refuseMissing(
  call: FormatCall,
  { principal, group }: Pick<Scope, 'principal' | 'group'>,
  action: ProjectAction,
  refusal: Decision | undefined,
): Promise<void> {
  if (refusal) requireDecision(refusal);
  if (principal.kind === 'anonymous' && (action !== 'pull' || mustChallenge(call, group))) {
    throw new RegistryError('unauthenticated');
  }
  if (group) await requireVisibleGroup(call.registry, principal, group);
}

/** The most projects whose packages of one name are put together. */
const MAX_FOUND = 50;

/**
 * Which projects a name is served from at instance level, where anybody may publish under any name: those of one root
 * namespace. It is the one that the name itself says it belongs to, and where names say nothing, that of the first
 * project; versions of strangers are never put among those of its packages.
 */
function ownersOf({ format }: FormatCall, name: string): (project: Project) => boolean {
  if (format.namespaceOf?.(name) !== undefined) return (project) => isInOwnNamespace(format, name, project);
  let root: number | undefined;
  return (project) => {
    root ??= rootOf(project);
    return rootOf(project) === root;
  };
}

/** Whether a project is in the namespace that a name says it belongs to; true of names that say nothing. */
export function isInOwnNamespace({ namespaceOf }: Format, name: string, { fullPath }: Project): boolean {
  const namespace = namespaceOf?.(name)?.toLowerCase();
  return namespace === undefined || fullPath.toLowerCase().startsWith(`${namespace}/`);
}

/**
 * The keys a route asks for. A request that is malformed throws there: it is told only to who may know that there is
 * something at its address, or its answer would tell.
 */
function keysAsked({ more }: ScopeRequest) {
  let malformed: { readonly error: unknown } | undefined;
  return {
    keys(ref: PackageRef): readonly Key[] {
      try {
        return more(ref);
      } catch (error) {
        malformed ??= { error };
        return [];
      }
    },
    check(): void {
      if (malformed) throw malformed.error;
    },
  };
}

function placeOf(call: FormatCall, group: Group | undefined, name: string | undefined): Place | undefined {
  if (name === undefined || (call.address.level === 'group' && !group)) return undefined;
  return placeWithin(call.address.format, name, group);
}

/** The same for what is missing as for what is hidden, so that neither answer tells which it was. */
function mustChallenge(call: FormatCall, group: Group | undefined): boolean {
  return !call.format.credentialsFirst || (group !== undefined && group.visibility !== 'public');
}

const refusals = {
  unauthenticated: 'unauthenticated',
  hidden: 'projectNotFound',
  denied: 'forbidden',
  'out-of-scope': 'insufficientScope',
  disabled: 'registryDisabled',
  archived: 'projectArchived',
} as const;

/** Throws what a decision other than `allow` means to the caller. */
export function requireDecision(decision: Decision): void {
  if (decision !== 'allow') throw new RegistryError(refusals[decision]);
}

/** The level of a principal in a project, for callers outside a format. */
export async function levelIn(registry: Registry, principal: Principal, project: Project): Promise<number> {
  if (principal.kind !== 'user') return 0;
  const items = await registry.table.getMany(projectMemberKeys(project, principal.user.id));
  return effectiveLevelOf(items, registry.clock.now());
}
