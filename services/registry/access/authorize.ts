/** Who may do what: a pure decision based on data already read. */
import { type Feature, levels, type RegistryAccess, type Scope } from '../../domain/access.ts';
import type { Group, Principal, Project } from '../../domain/accounts.ts';

/** An action on a project. `delete` also covers settings and protection; `admin` needs Maintainer. */
export type ProjectAction = 'view' | 'pull' | 'publish' | 'delete' | 'admin' | 'own';

/**
 * An action on a group. Whoever may see something in a group may `view` it; that takes more than its record
 * (`groupsAbove`).
 */
export type GroupAction = 'view' | 'view-members' | 'create-project' | 'create-subgroup' | 'own';

/**
 * The result of an authorization. `unauthenticated`: credentials might help; `hidden`: the resource must look
 * missing; `denied`: visible, but not allowed; `out-of-scope`: the user may do this, but the token's scopes
 * don't cover it.
 */
export type Decision =
  | 'allow'
  | 'unauthenticated'
  | 'hidden'
  | 'denied'
  | 'out-of-scope'
  | 'disabled'
  | 'archived';

/** What differs between the features of a project. */
interface FeatureRules {
  readonly accessTo: (project: Project) => RegistryAccess;
  readonly read: readonly Scope[];
  readonly write: Scope;
  /** The role that may delete. */
  readonly deleteLevel: number;
}

const featureRules: Readonly<Record<Feature, FeatureRules>> = {
  packages: {
    accessTo: ({ registryAccess }) => registryAccess,
    read: ['read_package_registry', 'write_package_registry'],
    write: 'write_package_registry',
    deleteLevel: levels.maintainer,
  },
  containers: {
    accessTo: ({ containerAccess }) => containerAccess ?? 'enabled',
    read: ['read_registry', 'write_registry'],
    write: 'write_registry',
    // As in GitLab, Developers may delete tags as well as push them.
    deleteLevel: levels.developer,
  },
};

/**
 * Decides an action on a project, or on one of its features. `level` is the effective level of the principal's user, 0 if it
 * has no user.
 */
export function authorizeProject(
  action: ProjectAction,
  principal: Principal,
  project: Project,
  level: number,
  feature: Feature = 'packages',
): Decision {
  const rules = featureRules[feature];
  const access = rules.accessTo(project);
  const effective = effectiveLevel(principal, level);
  const onFeature = action === 'pull' || action === 'publish' || action === 'delete';
  const visible = (onFeature && access === 'public') || canSee(principal, project, effective);
  if (onFeature) {
    if (!visible) return hiddenRefusal(principal);
    if (access === 'disabled') return 'disabled';
  }
  const permitted = (by: Principal, itsLevel: number) => isPermitted(action, by, project, itsLevel, rules);
  if (!permitted(principal, effective)) return visible ? visibleRefusal(principal) : hiddenRefusal(principal);
  if (action === 'pull' && permitted({ kind: 'anonymous' }, 0)) return 'allow';
  if (!inScope(action, principal, rules)) return 'out-of-scope';
  return project.archived && (action === 'publish' || action === 'delete') ? 'archived' : 'allow';
}

/** Decides an action on a group. */
export function authorizeGroup(
  action: GroupAction,
  principal: Principal,
  group: Group,
  level: number,
): Decision {
  const effective = effectiveLevel(principal, level);
  const visible =
    effective >= levels.minimal ||
    isOpenTo(group.visibility, principal) ||
    deployTokenReaches(principal, group);
  if (!isPermittedInGroup(action, group, effective, visible))
    return visible ? visibleRefusal(principal) : hiddenRefusal(principal);
  if (action === 'view' || action === 'view-members') return 'allow';
  return principal.kind === 'user' && hasScope(principal, ['api']) ? 'allow' : 'out-of-scope';
}

function isPermittedInGroup(action: GroupAction, group: Group, level: number, visible: boolean): boolean {
  if (action === 'view' || action === 'view-members') return visible;
  if (action === 'own') return level >= levels.owner;
  if (action === 'create-subgroup') {
    return level >= (group.subgroupCreationLevel === 'owner' ? levels.owner : levels.maintainer);
  }
  const needed = {
    noone: levels.admin,
    administrator: levels.admin,
    owner: levels.owner,
    maintainer: levels.maintainer,
    developer: levels.developer,
  };
  return level >= needed[group.projectCreationLevel];
}

function effectiveLevel(principal: Principal, level: number): number {
  if (principal.kind !== 'user') return levels.none;
  return principal.user.admin ? levels.admin : level;
}

function isOpenTo(visibility: Project['visibility'], principal: Principal): boolean {
  return visibility === 'public' || (visibility === 'internal' && principal.kind === 'user');
}

function canSee(principal: Principal, project: Project, level: number): boolean {
  return (
    level >= levels.guest || isOpenTo(project.visibility, principal) || deployTokenCovers(principal, project)
  );
}

function deployTokenCovers(principal: Principal, project: Project): boolean {
  if (principal.kind !== 'deploy') return false;
  const { kind, resourceId } = principal.token;
  return kind === 'project-deploy' ? resourceId === project.id : project.ancestors.includes(resourceId);
}

function deployTokenReaches(principal: Principal, group: Group): boolean {
  return (
    principal.kind === 'deploy' &&
    principal.token.kind === 'group-deploy' &&
    (principal.token.resourceId === group.id || group.ancestors.includes(principal.token.resourceId))
  );
}

function isPermitted(
  action: ProjectAction,
  principal: Principal,
  project: Project,
  level: number,
  rules: FeatureRules,
): boolean {
  switch (action) {
    case 'view':
      return canSee(principal, project, level);
    case 'pull':
      return mayPull(principal, project, level, rules.accessTo(project));
    case 'publish':
      return level >= levels.developer || deployTokenCovers(principal, project);
    case 'delete':
      return level >= rules.deleteLevel;
    case 'admin':
      return level >= levels.maintainer;
    case 'own':
      return level >= levels.owner;
  }
}

function mayPull(principal: Principal, project: Project, level: number, access: RegistryAccess): boolean {
  if (access === 'public' || level >= levels.reporter) return true;
  if (deployTokenCovers(principal, project)) return true;
  return access === 'enabled' && isOpenTo(project.visibility, principal);
}

function scopesFor(action: ProjectAction, { read, write }: FeatureRules): readonly Scope[] {
  switch (action) {
    case 'view':
      return ['api', 'read_api', ...featureRules.packages.read];
    case 'pull':
      return ['api', 'read_api', ...read];
    case 'publish':
    case 'delete':
      return ['api', write];
    case 'admin':
    case 'own':
      return ['api'];
  }
}

function inScope(action: ProjectAction, principal: Principal, rules: FeatureRules): boolean {
  return principal.kind === 'anonymous' || hasScope(principal, scopesFor(action, rules));
}

/** Whether the principal's token has at least one of the scopes that read a feature. */
export function hasFeatureScope(
  principal: Exclude<Principal, { kind: 'anonymous' }>,
  feature: Feature = 'packages',
): boolean {
  return hasScope(principal, scopesFor('pull', featureRules[feature]));
}

/** Whether the principal's token has at least one of the scopes. */
export function hasScope(
  principal: Exclude<Principal, { kind: 'anonymous' }>,
  scopes: readonly Scope[],
): boolean {
  return principal.token.scopes.some((scope) => scopes.includes(scope));
}

function hiddenRefusal(principal: Principal): Decision {
  return principal.kind === 'anonymous' ? 'unauthenticated' : 'hidden';
}

function visibleRefusal(principal: Principal): Decision {
  return principal.kind === 'anonymous' ? 'unauthenticated' : 'denied';
}
