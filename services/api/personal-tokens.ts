import type { Hono } from 'hono';
import * as z from 'zod';
import { accessTokenScopes, ownTokenScopes } from '../domain/access.ts';
import type { AccessToken, User } from '../domain/accounts.ts';
import { RegistryError } from '../domain/errors.ts';
import { actorOf } from '../http/access/actor.ts';
import { credentialOf } from '../http/access/credentials.ts';
import { reply, replyJson } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';
import { findUser } from '../registry/accounts/find-accounts.ts';
import { issuePersonalToken } from '../registry/accounts/issue-token.ts';
import type { Walk } from '../registry/accounts/list-accounts.ts';
import {
  findOwnedToken,
  findTokenById,
  type StoredToken,
  walkAllTokens,
  walkTokens,
} from '../registry/accounts/list-tokens.ts';
import { releaseToken } from '../registry/accounts/release-token.ts';
import { revokeOwnToken } from '../registry/accounts/revoke-own-token.ts';
import { revokeToken } from '../registry/accounts/revoke-token.ts';
import { rotateToken } from '../registry/accounts/rotate-token.ts';
import { eventOwnerOf } from '../registry/accounts/token-owner.ts';
import { replyAssociations } from './associations.ts';
import { accessTokenJson } from './json/token-json.ts';
import { integer, readParams } from './params.ts';
import { type ApiContext, administrator, idParam, type SignedIn, scopes, signedIn } from './request.ts';
import { rotateOwn } from './rotate-own.ts';
import {
  expiryOf,
  newAccessToken,
  ownExpiryOf,
  parentOf,
  rotatedExpiryOf,
  rotation,
  scopeList,
  tokenListParams,
  tokenPage,
} from './token-params.ts';
import { userOf } from './users.ts';

const listParams = tokenListParams.extend({ user_id: integer.optional() });
const newToken = z.object(newAccessToken);
const newOwnToken = newToken.extend({ scopes: scopeList(ownTokenScopes) });

/** Personal access tokens: users manage their own, administrators everyone's. */
export function personalTokenRoutes(app: Hono<CallEnv>): void {
  const path = '/personal_access_tokens';
  app.get(path, listTokens);
  app.get(`${path}/self`, async (c) => {
    const { token } = await signedIn(c, accessTokenScopes);
    return replyJson(c, 200, accessTokenJson(token, c.env.registry.clock.now()));
  });
  app.get(`${path}/self/associations`, replyAssociations);
  app.post(`${path}/self/rotate`, (c) => rotateOwn(c, 'personal'));
  app.delete(`${path}/self`, removeOwn);
  app.get(`${path}/:token_id`, async (c) => {
    const { token } = await requestedToken(c, await signedIn(c, scopes.read));
    return replyJson(c, 200, accessTokenJson(token, c.env.registry.clock.now()));
  });
  app.post(`${path}/:token_id/rotate`, rotateOther);
  app.delete(`${path}/:token_id`, async (c) => {
    const principal = await signedIn(c, scopes.write);
    return revoke(c, principal, await requestedToken(c, principal));
  });
  app.post('/user/personal_access_tokens', addOwn);
  app.post('/users/:user_id/personal_access_tokens', addForUser);
  app.post('/admin/tokens/:token_id/release', release);
}

function isPersonalToken(stored: StoredToken): stored is StoredToken<AccessToken> {
  return stored.token.kind === 'personal';
}

async function listTokens(c: ApiContext): Promise<Response> {
  const { user } = await signedIn(c, scopes.read);
  const params = await readParams(c, listParams);
  const { user_id: userId = user.admin ? undefined : user.id } = params;
  if (userId !== user.id && !user.admin) throw new RegistryError('unauthenticated');
  const { registry } = c.env;
  const walk = (each: Walk) =>
    userId === undefined
      ? walkAllTokens(registry, each)
      : walkTokens(registry, { kind: 'user', id: userId }, each);
  const { rows, headers } = await tokenPage(c, params, walk, isPersonalToken);
  const now = registry.clock.now();
  return replyJson(
    c,
    200,
    rows.map((token) => accessTokenJson(token, now)),
    headers,
  );
}

/** The personal token named by `:token_id`, if it belongs to the caller or the caller is an administrator. */
async function requestedToken(c: ApiContext, { user }: SignedIn): Promise<StoredToken<AccessToken>> {
  const id = idParam(c, 'token_id');
  const { registry } = c.env;
  const stored = user.admin
    ? await findTokenById(registry, id)
    : await findOwnedToken(registry, { kind: 'user', id: user.id }, id);
  if (!stored || !isPersonalToken(stored))
    throw new RegistryError('notFound', 'Personal Access Token Not Found');
  return stored;
}

async function rotateOther(c: ApiContext): Promise<Response> {
  const principal = await signedIn(c, scopes.write);
  const stored = await requestedToken(c, principal);
  const input = await readParams(c, rotation);
  const issued = await rotateToken(c.env.registry, {
    stored,
    expiresAt: rotatedExpiryOf(c, input.expires_at),
    actor: actorOf(principal, c),
    owner: await ownerOf(c, stored.token),
  });
  return replySecret(c, 200, issued);
}

async function removeOwn(c: ApiContext): Promise<Response> {
  const principal = await signedIn(c, accessTokenScopes);
  const { secret = '' } = credentialOf(c.req.raw) ?? {};
  await revokeOwnToken(c.env.registry, secret, actorOf(principal, c));
  return reply(c, 204, null);
}

async function revoke(
  c: ApiContext,
  principal: SignedIn,
  stored: StoredToken<AccessToken>,
): Promise<Response> {
  const owner = await ownerOf(c, stored.token);
  await revokeToken(c.env.registry, { stored, actor: actorOf(principal, c), owner });
  return reply(c, 204, null);
}

async function ownerOf(c: ApiContext, token: AccessToken) {
  const user = await findUser(c.env.registry.table, token.userId);
  return { kind: 'user', id: token.userId, path: user?.username ?? '' } as const;
}

/**
 * Creates a token for the caller, of a scope with which nothing can be read or changed, as in GitLab. Only
 * administrators create others. Bots can't create tokens.
 */
async function addOwn(c: ApiContext): Promise<Response> {
  const principal = await signedIn(c, scopes.write);
  if (principal.user.bot) throw new RegistryError('forbidden');
  const input = await readParams(c, newOwnToken);
  const limit = principal.token.expiresAt ?? Number.POSITIVE_INFINITY;
  const expiresAt = ownExpiryOf(c, input.expires_at);
  if (input.expires_at && expiresAt > limit) {
    const reason = 'must not be later than that of the token used';
    throw new RegistryError('invalidRequest', undefined, { fields: { expires_at: [reason] } });
  }
  return addToken(c, principal, principal.user, input, Math.min(expiresAt, limit));
}

async function addForUser(c: ApiContext): Promise<Response> {
  const principal = await administrator(c, scopes.write);
  const user = await userOf(c);
  const input = await readParams(c, newToken);
  return addToken(c, principal, user, input, expiryOf(c, input.expires_at));
}

async function addToken(
  c: ApiContext,
  principal: SignedIn,
  user: User,
  input: z.infer<typeof newToken>,
  expiresAt: number,
): Promise<Response> {
  const { name, description, scopes: tokenScopes, independent } = input;
  const details = {
    ...{ name, description, scopes: tokenScopes, expiresAt },
    parent: parentOf(principal, independent),
    actor: actorOf(principal, c),
  };
  return replySecret(c, 201, await issuePersonalToken(c.env.registry, user, details));
}

/** Lets a token of any kind live on without the one it was made with. For administrators. */
async function release(c: ApiContext): Promise<Response> {
  const principal = await administrator(c, scopes.write);
  const { registry } = c.env;
  const stored = await findTokenById(registry, idParam(c, 'token_id'));
  if (!stored) throw new RegistryError('notFound', 'Token Not Found');
  const owner = await eventOwnerOf(registry, stored.token);
  await releaseToken(registry, { stored, actor: actorOf(principal, c), owner });
  return reply(c, 204, null);
}

/** Replies with a new token and its secret, which is shown only this once. */
function replySecret(
  c: ApiContext,
  status: number,
  { token, secret }: { readonly token: AccessToken; readonly secret: string },
): Response {
  const shown = accessTokenJson(token, c.env.registry.clock.now());
  return replyJson(c, status, { ...shown, token: secret }, { 'cache-control': 'no-store' });
}
