import type { Hono } from 'hono';
import { catalog } from '../catalog.ts';
import { reply, replyJson } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';

const titles = catalog.map(({ title }) => title);

/** A page without scripts, styles or forms, which loads nothing. Nothing in it comes from a request or a user. */
const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Packhouse</title>
</head>
<body>
<h1>Packhouse</h1>
<p>This is a package registry. It serves ${titles.slice(0, -1).join(', ')} and ${titles.at(-1)} packages to their own
clients; it has no other pages yet.</p>
<p>To set up a client, run <code>packhouse setup --help</code> with the address of this page as <code>--url</code>, and
ask an administrator for an access token.</p>
<p>The API is that of GitLab, at <a href="/api/v4/version">/api/v4</a>; it needs a token.</p>
</body>
</html>
`;

/** `/`: a page for people who open the registry's address in a browser, and the same facts as JSON for all others. */
export function homeRoutes(app: Hono<CallEnv>): void {
  app.get('/', (c) => {
    const headers = { vary: 'Accept', 'cache-control': 'no-cache' };
    if (!/\btext\/html\b/i.test(c.req.header('accept') ?? '')) {
      return replyJson(c, 200, { name: 'Packhouse', api: `${c.env.registry.settings.url}/api/v4` }, headers);
    }
    return reply(c, 200, page, {
      ...headers,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
  });
}
