import type { Hono } from 'hono';
import * as z from 'zod';
import { actorOf } from '../http/access/actor.ts';
import { reply, replyJson } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';
import { isReservedPosition, listReservedPaths, releasePath } from '../registry/accounts/reserved-paths.ts';
import type { FormerRoute } from '../registry/accounts/routes.ts';
import { pageByKeyset, pageSize, paging } from './paginate.ts';
import { readParams, text } from './params.ts';
import { administrator, scopes } from './request.ts';

const listParams = z.object({ ...paging, after: text.refine(isReservedPosition, 'is invalid').optional() });

/**
 * `/admin/reserved_paths`, which GitLab does not have: the paths reserved for previous owners of groups and projects,
 * which administrators can release.
 */
export function reservedPathRoutes(app: Hono<CallEnv>): void {
  app.get('/admin/reserved_paths', async (c) => {
    await administrator(c, scopes.read);
    const params = await readParams(c, listParams);
    const found = await listReservedPaths(c.env.registry, {
      limit: pageSize(params) + 1,
      after: params.after,
    });
    const { rows, headers } = pageByKeyset(c, params, found, ({ position }) => ({ after: position }));
    return replyJson(
      c,
      200,
      rows.map(({ route }) => reservedPathJson(route)),
      headers,
    );
  });
  app.delete('/admin/reserved_paths/:path{.+}', async (c) => {
    const principal = await administrator(c, scopes.write);
    await releasePath(c.env.registry, c.req.param('path'), actorOf(principal, c));
    return reply(c, 204, null);
  });
}

function reservedPathJson({ path, kind, id, state, since, until }: FormerRoute) {
  return {
    path,
    kind,
    id,
    state,
    since: new Date(since).toISOString(),
    reserved_until: new Date(until).toISOString(),
  };
}
