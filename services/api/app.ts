import { type Context, Hono } from 'hono';
import { nameMethods, noRoute } from '../http/answer/allowed-methods.ts';
import { renderError } from '../http/answer/render-error.ts';
import { reply } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';
import { addNotingRoutes } from '../http/format/route-templates.ts';
import type { OtherApp } from '../http/registry-app.ts';
import { accessTokenRoutes } from './access-tokens.ts';
import { canonicalPath } from './canonical-path.ts';
import { deployTokenRoutes } from './deploy-tokens.ts';
import { groupRoutes } from './groups.ts';
import { homeRoutes } from './home-page.ts';
import { memberRoutes } from './members.ts';
import { metaRoutes } from './meta.ts';
import { nameRoutes } from './names.ts';
import { namespaceRoutes } from './namespaces.ts';
import { packageSettingsRoutes } from './package-settings.ts';
import { packageRoutes } from './packages.ts';
import { personalTokenRoutes } from './personal-tokens.ts';
import { projectRoutes } from './projects.ts';
import { MovedTo } from './request.ts';
import { reservedPathRoutes } from './reserved-paths.ts';
import { storageRoutes } from './storage.ts';
import { userRoutes } from './users.ts';

const resources = [
  metaRoutes,
  userRoutes,
  namespaceRoutes,
  groupRoutes,
  packageSettingsRoutes,
  projectRoutes,
  memberRoutes,
  deployTokenRoutes,
  accessTokenRoutes,
  personalTokenRoutes,
  packageRoutes,
  reservedPathRoutes,
  storageRoutes,
  nameRoutes,
];

const api = new Hono<CallEnv>();
for (const addRoutes of resources) addRoutes(api);

/** Every method and path of the management API, in the order in which they are matched; paths are below `/api/v4`. */
export const apiRoutes: readonly { readonly method: string; readonly path: string }[] = api.routes;

const declared = new Hono<CallEnv>().route('/api/v4', api);
homeRoutes(declared);

const app = new Hono<CallEnv>({ getPath: canonicalPath });
addNotingRoutes(app, declared, (path) => path);
app.notFound((c) => fail(c, noRoute(app, canonicalPath(c.req.raw), c.req.method)));
app.onError((error, c) => {
  if (!(error instanceof MovedTo)) return fail(c, error);
  // The path can be taken by another project or group, so that nobody may keep the redirect.
  const headers = { location: error.location, 'cache-control': 'no-store', 'content-type': 'text/plain' };
  return reply(c, 301, `This resource has been moved permanently to ${error.location}.`, headers);
});

function fail(c: Context<CallEnv>, error: unknown): Response {
  return nameMethods(renderError(c, error), app, canonicalPath(c.req.raw), c.req.method);
}

/** GitLab's management API: users, groups, projects, members, tokens and packages. */
export const managementApi: OtherApp = (request, call) => app.fetch(request, call);
