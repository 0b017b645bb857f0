import type { Hono } from 'hono';
import * as z from 'zod';
import { levels, type Scope } from '../domain/access.ts';
import type { AccessToken, Member } from '../domain/accounts.ts';
import { badParameters, badRequest, RegistryError } from '../domain/errors.ts';
import { actorOf } from '../http/access/actor.ts';
import { reply, replyJson } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';
import { type MemberOwner, memberOwner } from '../registry/accounts/find-members.ts';
import { issueResourceToken } from '../registry/accounts/issue-token.ts';
import type { Walk } from '../registry/accounts/list-accounts.ts';
import { findOwnedToken, type StoredToken, walkTokens } from '../registry/accounts/list-tokens.ts';
import { revokeToken } from '../registry/accounts/revoke-token.ts';
import { rotateToken } from '../registry/accounts/rotate-token.ts';
import { maybeEntity } from '../registry/records/entities.ts';
import { keys } from '../registry/records/keys.ts';
import { readMany } from '../registry/records/read-many.ts';
import { resourceTokenJson } from './json/token-json.ts';
import { integer, readParams } from './params.ts';
import {
  type ApiContext,
  idParam,
  openGroup,
  openProject,
  requireUser,
  type SignedIn,
  scopes,
} from './request.ts';
import { rotateOwn } from './rotate-own.ts';
import {
  expiryOf,
  newAccessToken,
  parentOf,
  rotatedExpiryOf,
  rotation,
  tokenListParams,
  tokenPage,
} from './token-params.ts';

const grantable: readonly number[] = [
  levels.guest,
  levels.planner,
  levels.reporter,
  levels.developer,
  levels.maintainer,
  levels.owner,
];

const newToken = z.object({ ...newAccessToken, access_level: integer.default(levels.maintainer) });

type Collection = 'projects' | 'groups';

interface Opened {
  readonly owner: MemberOwner;
  readonly principal: SignedIn;
  readonly level: number;
}

/**
 * Access tokens of projects (for Maintainers) and groups (for Owners). Each belongs to a bot with a role there.
 */
export function accessTokenRoutes(app: Hono<CallEnv>): void {
  for (const collection of ['projects', 'groups'] as const) {
    const path = `/${collection}/:id/access_tokens`;
    const kind = collection === 'projects' ? 'project' : 'group';
    app.get(path, (c) => listTokens(c, collection));
    app.post(path, (c) => addToken(c, collection));
    app.post(`${path}/self/rotate`, (c) => rotateOwn(c, kind));
    app.get(`${path}/:token_id`, async (c) => {
      const { owner } = await open(c, collection, scopes.read);
      const { token } = await requestedToken(c, owner);
      const [shown] = await withLevels(c, owner, [token]);
      return replyJson(c, 200, shown);
    });
    app.post(`${path}/:token_id/rotate`, (c) => rotateOther(c, collection));
    app.delete(`${path}/:token_id`, (c) => removeToken(c, collection));
  }
}

async function open(c: ApiContext, collection: Collection, needed: readonly Scope[]): Promise<Opened> {
  if (collection === 'groups') {
    const { group, principal, level } = await openGroup(c, 'own', needed);
    return { owner: memberOwner(group), principal: requireUser(principal), level };
  }
  const { project, principal, rights } = await openProject(c, 'admin', needed);
  return { owner: memberOwner(project), principal: requireUser(principal), level: rights.level };
}

async function listTokens(c: ApiContext, collection: Collection): Promise<Response> {
  const { owner } = await open(c, collection, scopes.read);
  const params = await readParams(c, tokenListParams);
  const walk = (each: Walk) => walkTokens(c.env.registry, owner, each);
  const { rows, headers } = await tokenPage(c, params, walk, isAccessToken);
  return replyJson(c, 200, await withLevels(c, owner, rows), headers);
}

function isAccessToken(stored: StoredToken): stored is StoredToken<AccessToken> {
  return stored.token.kind === 'project' || stored.token.kind === 'group';
}

async function requestedToken(c: ApiContext, owner: MemberOwner): Promise<StoredToken<AccessToken>> {
  const stored = await findOwnedToken(c.env.registry, owner, idParam(c, 'token_id'));
  if (!stored || !isAccessToken(stored)) throw new RegistryError('notFound', 'Access Token Not Found');
  return stored;
}

async function withLevels(c: ApiContext, owner: MemberOwner, tokens: readonly AccessToken[]) {
  const { table, clock } = c.env.registry;
  const members = await readMany(
    table,
    tokens.map(({ userId }) => keys.member(owner, userId)),
  );
  const now = clock.now();
  return tokens.map((token, index) =>
    resourceTokenJson(token, maybeEntity<Member>(members[index])?.level, now),
  );
}

async function addToken(c: ApiContext, collection: Collection): Promise<Response> {
  const { owner, principal, level } = await open(c, collection, scopes.write);
  const input = await readParams(c, newToken);
  if (principal.user.bot) {
    throw new RegistryError(
      'forbidden',
      'Forbidden - access tokens of projects and groups cannot create other tokens',
    );
  }
  if (!grantable.includes(input.access_level))
    throw badParameters(['access_level does not have a valid value']);
  if (input.access_level > level) throw badRequest('Bad Request - the access level is above your own');
  const { token, secret } = await issueResourceToken(c.env.registry, owner, {
    name: input.name,
    description: input.description,
    scopes: input.scopes,
    expiresAt: expiryOf(c, input.expires_at),
    level: input.access_level,
    parent: parentOf(principal, input.independent),
    actor: actorOf(principal, c),
  });
  const shown = resourceTokenJson(token, input.access_level, c.env.registry.clock.now());
  return replyJson(c, 201, { ...shown, token: secret }, { 'cache-control': 'no-store' });
}

async function rotateOther(c: ApiContext, collection: Collection): Promise<Response> {
  const { owner, principal, level } = await open(c, collection, scopes.write);
  const stored = await requestedToken(c, owner);
  const input = await readParams(c, rotation);
  if (principal.user.bot && principal.user.id !== stored.token.userId) throw new RegistryError('forbidden');
  const [bot] = await c.env.registry.table.getMany([keys.member(owner, stored.token.userId)]);
  const botLevel = maybeEntity<Member>(bot)?.level ?? 0;
  if (botLevel > level) throw new RegistryError('forbidden');
  const { kind, id, path } = owner;
  const issued = await rotateToken(c.env.registry, {
    stored,
    expiresAt: rotatedExpiryOf(c, input.expires_at),
    actor: actorOf(principal, c),
    owner: { kind, id, path },
  });
  const shown = resourceTokenJson(issued.token, botLevel, c.env.registry.clock.now());
  return replyJson(c, 200, { ...shown, token: issued.secret }, { 'cache-control': 'no-store' });
}

async function removeToken(c: ApiContext, collection: Collection): Promise<Response> {
  const { owner, principal } = await open(c, collection, scopes.write);
  const { kind, id, path } = owner;
  const stored = await requestedToken(c, owner);
  await revokeToken(c.env.registry, { stored, actor: actorOf(principal, c), owner: { kind, id, path } });
  return reply(c, 204, null);
}
