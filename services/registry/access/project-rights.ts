/** A caller's rights in a project: the only place where memberships become a decision. */
import { type Feature, levels } from '../../domain/access.ts';
import type { Membership, Principal, Project } from '../../domain/accounts.ts';
import type { Key } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { type Items, readItems } from '../records/read-items.ts';
import { effectiveLevelOf, projectMemberKeys } from './access-levels.ts';
import { authorizeProject, type Decision, type ProjectAction } from './authorize.ts';
import { requireDecision } from './refusals.ts';

/** A caller's rights in a project. */
export interface ProjectRights {
  /** The effective level: the administrator level, or the highest level of the memberships that apply. */
  readonly level: number;
  /** @param feature the feature for actions on packages; by default packages */
  decide(action: ProjectAction, feature?: Feature): Decision;
  may(action: ProjectAction, feature?: Feature): boolean;
}

/** A caller's rights from the memberships that apply to the project, as of `now` (milliseconds). */
export function projectRights(
  principal: Principal,
  project: Project,
  memberships: readonly (Membership | undefined)[],
  now: number,
): ProjectRights {
  const level = levelOf(principal, memberships, now);
  const decide = (action: ProjectAction, feature?: Feature) =>
    authorizeProject(action, principal, project, level, feature);
  return { level, decide, may: (action, feature) => decide(action, feature) === 'allow' };
}

function levelOf(
  principal: Principal,
  memberships: readonly (Membership | undefined)[],
  now: number,
): number {
  if (principal.kind !== 'user') return levels.none;
  return principal.user.admin ? levels.admin : effectiveLevelOf(principal.user, memberships, now);
}

function isAdmin(principal: Principal): boolean {
  return principal.kind === 'user' && principal.user.admin;
}

/** The keys of a user's memberships in a project, for `rightsFrom`. Empty if the caller is not a user. */
export function rightsKeys(project: Pick<Project, 'id' | 'ancestors'>, userId: number | undefined): Key[] {
  return userId === undefined ? [] : projectMemberKeys(project, userId);
}

/** A caller's rights in a project, from the items under `rightsKeys`. */
export function rightsFrom(items: Items, principal: Principal, project: Project, now: number): ProjectRights {
  const userId = principal.kind === 'user' ? principal.user.id : undefined;
  const memberships = rightsKeys(project, userId).map((key) => items.get<Membership>(key));
  return projectRights(principal, project, memberships, now);
}

/** Reads a caller's rights in a project, when there is nothing else to read in the same round trip. */
export async function readRights(
  { table, clock }: Pick<Registry, 'table' | 'clock'>,
  principal: Principal,
  project: Project,
): Promise<ProjectRights> {
  const userId = principal.kind === 'user' && !isAdmin(principal) ? principal.user.id : undefined;
  return rightsFrom(await readItems(table, rightsKeys(project, userId)), principal, project, clock.now());
}

/**
 * Requires that the caller may take another action than the one its route already checked.
 * @throws RegistryError as `requireDecision` does.
 */
export async function requireAction(
  registry: Registry,
  principal: Principal,
  project: Project,
  action: ProjectAction,
): Promise<void> {
  requireDecision((await readRights(registry, principal, project)).decide(action));
}
