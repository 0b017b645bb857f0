import type { Principal } from '../../../domain/accounts.ts';
import { RegistryError } from '../../../domain/errors.ts';
import { actorOf } from '../../../http/access/actor.ts';
import { authenticate } from '../../../http/access/authenticate.ts';
import { credentialOf } from '../../../http/access/credentials.ts';
import type { FormatContext } from '../../../http/access/guard.ts';
import { replyJson } from '../../../http/answer/reply.ts';
import { requestBody } from '../../../http/body/request-body.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { identify } from '../../../registry/access/identify.ts';
import { revokeOwnToken } from '../../../registry/accounts/revoke-own-token.ts';
import { parsed, readJson } from '../read-json.ts';
import { Login } from '../schema.ts';

type AuthenticatedPrincipal = Exclude<Principal, { readonly kind: 'anonymous' }>;

const USER = 'org.couchdb.user:';

/** The largest audit request, in bytes: the packages of a lock file, gzipped by most clients. */
const AUDIT_LIMIT = 8 * 1024 * 1024;

/** A report without advisories. It counts no packages, because the request is not parsed. */
const NOTHING_FOUND = {
  actions: [],
  advisories: {},
  muted: [],
  metadata: {
    vulnerabilities: { info: 0, low: 0, moderate: 0, high: 0, critical: 0 },
    dependencies: 0,
    devDependencies: 0,
    optionalDependencies: 0,
    totalDependencies: 0,
  },
};

/** The account, login and audit endpoints. None of them reveals anything about a project. */
export function accountRoutes(app: FormatRoutes): void {
  app.get('/-/ping', (c) => replyJson(c, 200, {}));
  app.get('/-/whoami', async (c) => replyJson(c, 200, { username: usernameOf(await authenticated(c)) }));
  app.get('/-/npm/v1/user', profile);
  app.get('/-/npm/v1/tokens', tokens);
  app.post('/-/v1/login', () => {
    throw new RegistryError(
      'routeNotFound',
      'Log in with --auth-type=legacy, a user name and an access token',
    );
  });
  app.put('/-/user/:user', login);
  app.delete('/-/user/token/:token', logout);
  app.post('/-/npm/v1/security/advisories/bulk', bulkAudit);
  app.post('/-/npm/v1/security/audits', audit);
  app.post('/-/npm/v1/security/audits/quick', audit);
}

async function authenticated(c: FormatContext): Promise<AuthenticatedPrincipal> {
  const principal = await authenticate(c);
  if (principal.kind === 'anonymous') throw new RegistryError('unauthenticated');
  return principal;
}

function usernameOf(principal: AuthenticatedPrincipal): string {
  return principal.kind === 'user' ? principal.user.username : principal.token.username;
}

async function profile(c: FormatContext): Promise<Response> {
  const principal = await authenticated(c);
  const user = principal.kind === 'user' ? principal.user : undefined;
  const created = new Date((user ?? principal.token).createdAt).toISOString();
  return replyJson(c, 200, {
    tfa: null,
    name: usernameOf(principal),
    email: user?.email ?? '',
    email_verified: user !== undefined,
    fullname: user?.name ?? principal.token.name,
    created,
    updated: created,
  });
}

/** Lists only the token in use; the API lists and manages the others. The secret itself is not stored. */
async function tokens(c: FormatContext): Promise<Response> {
  const { token } = await authenticated(c);
  const created = new Date(token.createdAt).toISOString();
  const readonly = !token.scopes.some((scope) => scope === 'api' || scope === 'write_package_registry');
  const shown = {
    token: '',
    key: String(token.id),
    name: token.name,
    cidr_whitelist: null,
    readonly,
    created,
    updated: created,
  };
  return replyJson(c, 200, { objects: [shown], total: 1, urls: {} });
}

/**
 * The login of npm and Yarn. The password is an access token of the user, or a deploy token with its user name. The
 * client stores that token; no new one is made.
 */
async function login(c: FormatContext): Promise<Response> {
  const { registry } = c.env;
  const { name, password } = parsed(Login, await readJson(c, 64 * 1024));
  const wrong = new RegistryError('unauthenticated', 'The password must be an access token of this user');
  if (c.req.param('user') !== USER + name || password === '') throw wrong;
  try {
    const principal = await identify(registry, { secret: password, username: name }, c.env.trace);
    const matches =
      principal.kind !== 'anonymous' && usernameOf(principal).toLowerCase() === name.toLowerCase();
    if (!matches) throw wrong;
  } catch (error) {
    throw error instanceof RegistryError && error.kind === 'unauthenticated' ? wrong : error;
  }
  return replyJson(c, 201, { ok: `you are authenticated as '${name}'`, id: USER + name, token: password });
}

/**
 * Revokes the token that the request was made with. npm sends it in the path as well, and forgets it only if this
 * succeeds, so a token that is no longer valid gets the same answer. Any other token in the path is left alone.
 */
async function logout(c: FormatContext): Promise<Response> {
  const { registry } = c.env;
  const secret = credentialOf(c.req.raw)?.secret;
  if (secret === undefined) throw new RegistryError('unauthenticated');
  if (c.req.param('token') !== secret) throw new RegistryError('notFound', 'Log out with the token in use');
  const principal = await identify(registry, { secret }, c.env.trace).catch(ignoreInvalid);
  if (!principal || (await revokeOwnToken(registry, secret, actorOf(principal, c)))) {
    return replyJson(c, 200, { ok: true });
  }
  const notice =
    'The deploy token itself is still valid. A maintainer can delete it if nobody else needs it.';
  return replyJson(c, 200, { ok: true }, { 'npm-notice': notice });
}

function ignoreInvalid(error: unknown): undefined {
  if (error instanceof RegistryError && error.kind === 'unauthenticated') return undefined;
  throw error;
}

/** The registry has no advisories: an empty object means "none" to npm. */
async function bulkAudit(c: FormatContext): Promise<Response> {
  await passOver(c);
  return replyJson(c, 200, {});
}

/** The same in the format for pnpm and Yarn 1. */
async function audit(c: FormatContext): Promise<Response> {
  await passOver(c);
  return replyJson(c, 200, NOTHING_FOUND);
}

/**
 * Reads an audit request to its end and discards it, without unpacking gzip: the response is the same for any
 * tree, and anyone may send one.
 */
async function passOver(c: FormatContext): Promise<void> {
  for await (const _ of requestBody(c, { bytes: AUDIT_LIMIT, hint: '' }));
}
