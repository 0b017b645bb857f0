import { RegistryError } from '../../domain/errors.ts';
import { caller } from '../../http/access/authenticate.ts';
import type { FormatContext } from '../../http/access/guard.ts';
import { replyJson } from '../../http/answer/reply.ts';
import type { FormatRoutes } from '../../http/format/format.ts';
import { hasFeatureScope } from '../../registry/access/authorize.ts';
import { listPackagePaths } from '../../registry/search/list-package-paths.ts';
import { repositoryPath } from './names.ts';
import { nextLink, pageSize } from './paging.ts';

/** `_catalog`: every repository of the instance, for administrators. */
export function catalogRoute(app: FormatRoutes): void {
  app.get('/_catalog', list);
}

async function list(c: FormatContext): Promise<Response> {
  const { registry, format } = c.env;
  const { principal, grant } = await caller(c);
  if (principal.kind === 'anonymous') throw new RegistryError('unauthenticated');
  if (principal.kind !== 'user' || !principal.user.admin) throw new RegistryError('forbidden');
  if (!hasFeatureScope(principal, format.feature)) throw new RegistryError('insufficientScope');
  if (grant && !grant.catalog) throw new RegistryError('notGranted');
  const limit = pageSize(c);
  const { packages, next } = await listPackagePaths(registry, format.id, {
    limit,
    after: c.req.query('last'),
  });
  const repositories = packages.map(({ projectPath, name }) => repositoryPath(projectPath, name));
  return replyJson(
    c,
    200,
    { repositories },
    {
      link: next === undefined ? undefined : nextLink('/v2/_catalog', { n: String(limit), last: next }),
    },
  );
}
