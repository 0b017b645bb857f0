import { catalog, type Family, type Mount, OWNER } from '../services/catalog.ts';

/**
 * Which paths go straight to which function. The router function holds everything, so a request that the gateway
 * matches in another way than we think (encoded slashes in ids, for one) still gets the right answer, only later when
 * the function is cold.
 */

/** The routes of a family: what lies below every mount of its formats. */
export function familyRoutes(family: Family): string[] {
  const formats = catalog.filter((entry) => entry.family === family);
  return formats.flatMap(({ mounts }) => mounts.flatMap(mountRoutes));
}

/** A mount without an owner is routed itself as well: it may be one document, or a token server. */
export function mountRoutes({ path, level }: Mount): string[] {
  const below = `${path.replace(OWNER, '{id}')}/{proxy+}`;
  return level === 'instance' ? [path, below] : [below];
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
