/** What a caller may do in a project: the one place where memberships become a decision. */
import { levels } from '../../domain/access.ts';
import type { Member, Principal, Project } from '../../domain/accounts.ts';
import type { Key } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { type Items, readItems } from '../records/read-items.ts';
import { effectiveLevelOf, projectMemberKeys } from './access-levels.ts';
import { authorizeProject, type Decision, type ProjectAction } from './authorize.ts';
import { requireDecision } from './refusals.ts';

/** What a caller may do in a project. */
export interface ProjectRights {
  /** The effective level: that of an administrator, or the highest of the memberships that count. */
  readonly level: number;
  decide(action: ProjectAction): Decision;
  may(action: ProjectAction): boolean;
}

/** Decides from the memberships of the caller that count for the project, as they are at `now` (milliseconds). */
export function projectRights(
  principal: Principal,
  project: Project,
  memberships: readonly (Member | undefined)[],
  now: number,
): ProjectRights {
  const level = isAdmin(principal) ? levels.admin : effectiveLevelOf(memberships, now);
  const decide = (action: ProjectAction) => authorizeProject(action, principal, project, level);
  return { level, decide, may: (action) => decide(action) === 'allow' };
}

function isAdmin(principal: Principal): boolean {
  return principal.kind === 'user' && principal.user.admin;
}

/** The keys of a user's memberships in a project, for `rightsFrom`. Callers who are no users have none. */
export function rightsKeys(project: Pick<Project, 'id' | 'ancestors'>, userId: number | undefined): Key[] {
  return userId === undefined ? [] : projectMemberKeys(project, userId);
}

/** What a caller may do in a project, from the items under `rightsKeys`. */
export function rightsFrom(items: Items, principal: Principal, project: Project, now: number): ProjectRights {
  const userId = principal.kind === 'user' ? principal.user.id : undefined;
  const memberships = rightsKeys(project, userId).map((key) => items.get<Member>(key));
  return projectRights(principal, project, memberships, now);
}

/** What a caller may do in a project, for callers that read nothing else beside the memberships. */
export async function readRights(
  { table, clock }: Pick<Registry, 'table' | 'clock'>,
  principal: Principal,
  project: Project,
): Promise<ProjectRights> {
  const userId = principal.kind === 'user' && !isAdmin(principal) ? principal.user.id : undefined;
  return rightsFrom(await readItems(table, rightsKeys(project, userId)), principal, project, clock.now());
}

/**
 * Makes sure that the caller may do something else than what its route is for.
 * @throws RegistryError as `requireDecision` does
 */
export async function requireAction(
  registry: Registry,
  principal: Principal,
  project: Project,
  action: ProjectAction,
): Promise<void> {
  requireDecision((await readRights(registry, principal, project)).decide(action));
}
