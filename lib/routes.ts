import { catalog, type Family } from '../services/catalog.ts';

/**
 * Which paths go straight to which function. The router function holds everything, so a request that the gateway
 * matches otherwise than we think (encoded slashes in ids, for one) is still answered right, only later when cold.
 */

/** Paths below which a format's URLs lie, at project, group and instance level. */
const packageRoots = ['/api/v4/projects/{id}/packages', '/api/v4/groups/{id}/-/packages', '/api/v4/packages'];

/** The routes of a family: every format of it on every level. */
export function familyRoutes(family: Family): string[] {
  const formats = catalog.filter((entry) => entry.family === family);
  return formats.flatMap((format) => packageRoots.map((root) => `${root}/${format.id}/{proxy+}`));
}

/**
 * Routes of the management API. Only paths that can't be a format's are here: below `/projects/{id}/` the id may
 * hold slashes once it is decoded, and a package may be called as any resource is.
 */
export const managementRoutes: readonly string[] = [
  ...['user', 'users', 'personal_access_tokens', 'deploy_tokens', 'namespaces'].flatMap((resource) => [
    `/api/v4/${resource}`,
    `/api/v4/${resource}/{proxy+}`,
  ]),
  ...['version', 'metadata', 'projects', 'groups'].map((resource) => `/api/v4/${resource}`),
  '/api/v4/projects/{id}',
  '/api/v4/groups/{id}',
  '/api/graphql',
];
