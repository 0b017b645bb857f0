import { type CatalogEntry, catalog, type Family, type Mount, OWNER } from '../services/catalog.ts';

/**
 * Which paths the gateway routes to which function. The router function serves everything, so a request that the
 * gateway matches differently than expected (for example an id with encoded slashes) still gets the right
 * response, only slower when that function is cold.
 */

/** The routes of a family: everything below the mounts of its formats. */
export function familyRoutes(family: Family): string[] {
  const formats = catalog.filter((entry) => entry.family === family);
  return formats.flatMap(({ mounts }) => mounts.flatMap(mountRoutes));
}

/** A mount without an owner also gets a route for its own path, which may be a document or a token endpoint. */
export function mountRoutes({ path, level }: Mount): string[] {
  const below = `${path.replace(OWNER, '{id}')}/{proxy+}`;
  return level === 'instance' ? [path, below] : [below];
}

/** Routes of the router for requests of formats that change accounts, which the functions of families may not do. */
export const accountRoutes: readonly string[] = catalog.flatMap(
  ({ mounts, accountPaths = [] }: CatalogEntry) =>
    mounts.flatMap(({ path }) =>
      accountPaths.map((below) => `${path.replace(OWNER, '{id}')}${below}/{proxy+}`),
    ),
);

/**
 * Routes of the management API. They only include paths that can't belong to a format: in `/projects/{id}/...` the
 * decoded id may contain slashes, and a package may be named like any resource.
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
