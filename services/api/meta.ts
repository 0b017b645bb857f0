import type { Hono } from 'hono';
import { replyJson } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';
import { VERSION } from '../shared/version.ts';
import { scopes, signedIn } from './request.ts';

/** The GitLab release whose API this one follows. Clients compare it, and enable features based on it. */
const GITLAB_VERSION = '18.11.0-packhouse';

/** The fields of both answers. In `revision`, clients show the build of a GitLab; here it is the version of Packhouse. */
const versions = {
  version: GITLAB_VERSION,
  revision: `packhouse-${VERSION}`,
  packhouse_version: VERSION,
};

/** `GET /version` and `/metadata`, which clients request before anything else. */
export function metaRoutes(app: Hono<CallEnv>): void {
  app.get('/version', async (c) => {
    await signedIn(c, scopes.profile);
    return replyJson(c, 200, versions);
  });
  app.get('/metadata', async (c) => {
    await signedIn(c, scopes.profile);
    const kas = { enabled: false, externalUrl: null, externalK8sProxyUrl: null, version: null };
    return replyJson(c, 200, { ...versions, kas, enterprise: true });
  });
}
