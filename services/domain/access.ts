/** Roles, visibility and scopes, with the numbers and names of GitLab's API. */

/** Access levels of members. 60 is an instance administrator. */
export const levels = {
  none: 0,
  minimal: 5,
  guest: 10,
  planner: 15,
  reporter: 20,
  developer: 30,
  maintainer: 40,
  owner: 50,
  admin: 60,
} as const;

/** The levels that can be granted to a member. */
export const grantableLevels: readonly number[] = [5, 10, 15, 20, 30, 40, 50];

/** Who may see a group or project. */
export const visibilities = ['private', 'internal', 'public'] as const;
/** See `visibilities`. */
export type Visibility = (typeof visibilities)[number];

/** Whether `inner` is at most as visible as `outer`, as required of a child and its parent. */
export function fitsInside(inner: Visibility, outer: Visibility): boolean {
  return visibilities.indexOf(inner) <= visibilities.indexOf(outer);
}

/**
 * Access to a project's package registry: `disabled` rejects everyone, `private` admits members only, `enabled`
 * follows the project's visibility, `public` lets anyone pull regardless of the visibility.
 */
export const registryAccessLevels = ['disabled', 'private', 'enabled', 'public'] as const;
/** See `registryAccessLevels`. */
export type RegistryAccess = (typeof registryAccessLevels)[number];

/** The features of a project, each with an access level of its own: images, and packages of all other formats. */
export type Feature = 'packages' | 'containers';
/** The levels of access to a project's images, as in GitLab: images are public only where the project is. */
export const containerAccessLevels = ['disabled', 'private', 'enabled'] as const satisfies RegistryAccess[];

/** Scopes of personal, project and group access tokens. */
export const accessTokenScopes = [
  'api',
  'read_api',
  'read_user',
  'self_rotate',
  'k8s_proxy',
  'read_registry',
  'write_registry',
  'read_package_registry',
  'write_package_registry',
  'read_virtual_registry',
  'write_virtual_registry',
] as const;

/** The scopes of a personal access token that its user may make through the API, as in GitLab. */
export const ownTokenScopes = ['self_rotate', 'k8s_proxy'] as const;

/** Scopes of deploy tokens. */
export const deployTokenScopes = [
  'read_repository',
  'read_registry',
  'write_registry',
  'read_package_registry',
  'write_package_registry',
  'read_virtual_registry',
  'write_virtual_registry',
] as const;

/** Any scope of a token. */
export type Scope = (typeof accessTokenScopes)[number] | (typeof deployTokenScopes)[number];
