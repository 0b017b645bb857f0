import type { Hono } from 'hono';
import { replyJson } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';
import { scopes, signedIn } from './request.ts';

/** The GitLab release whose API this one follows. Clients enable features based on it. */
const VERSION = '18.11.0-packhouse';
const REVISION = 'packhouse';

/** `GET /version` and `/metadata`, which clients request before anything else. */
export function metaRoutes(app: Hono<CallEnv>): void {
  app.get('/version', async (c) => {
    await signedIn(c, scopes.profile);
    return replyJson(c, 200, { version: VERSION, revision: REVISION });
  });
  app.get('/metadata', async (c) => {
    await signedIn(c, scopes.profile);
    const kas = { enabled: false, externalUrl: null, externalK8sProxyUrl: null, version: null };
    return replyJson(c, 200, { version: VERSION, revision: REVISION, kas, enterprise: true });
  });
}
