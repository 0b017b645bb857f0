import type { Hono } from 'hono';
import * as z from 'zod';
import { deployTokenScopes } from '../domain/access.ts';
import { type DeployToken, isActive } from '../domain/accounts.ts';
import { RegistryError } from '../domain/errors.ts';
import { actorOf } from '../http/access/actor.ts';
import { reply, replyJson } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';
import { type MemberOwner, memberOwner } from '../registry/accounts/find-members.ts';
import { issueDeployToken } from '../registry/accounts/issue-token.ts';
import type { Walk } from '../registry/accounts/list-accounts.ts';
import {
  findOwnedToken,
  type StoredToken,
  walkAllTokens,
  walkTokens,
} from '../registry/accounts/list-tokens.ts';
import { deleteDeployToken } from '../registry/accounts/revoke-token.ts';
import { deployTokenJson } from './json/token-json.ts';
import { pageOf, paging, rowsById } from './paginate.ts';
import { filledText, flag, moment, readParams, text } from './params.ts';
import {
  type ApiContext,
  administrator,
  idParam,
  openGroup,
  openProject,
  requireUser,
  type SignedIn,
  scopes,
} from './request.ts';
import { parentOf, scopeList } from './token-params.ts';

const listParams = z.object({ ...paging, active: flag.optional() });

const newToken = z.object({
  name: filledText,
  scopes: scopeList(deployTokenScopes),
  username: text.nullish(),
  expires_at: z.union([z.literal('').transform(() => null), z.null(), moment]).optional(),
  independent: flag.default(false),
});

type Collection = 'projects' | 'groups';

/** Deploy tokens of projects (for Maintainers) and groups (for Owners), and for administrators the list of all. */
export function deployTokenRoutes(app: Hono<CallEnv>): void {
  app.get('/deploy_tokens', async (c) => {
    await administrator(c, scopes.read);
    return replyTokens(c, (walk) => walkAllTokens(c.env.registry, walk));
  });
  for (const collection of ['projects', 'groups'] as const) {
    const path = `/${collection}/:id/deploy_tokens`;
    app.get(path, async (c) => {
      const { owner } = await open(c, collection, 'read');
      return replyTokens(c, (walk) => walkTokens(c.env.registry, owner, walk));
    });
    app.get(`${path}/:token_id`, async (c) => {
      const { token } = await requestedToken(c, (await open(c, collection, 'read')).owner);
      return replyJson(c, 200, deployTokenJson(token, c.env.registry.clock.now()));
    });
    app.post(path, (c) => addToken(c, collection));
    app.delete(`${path}/:token_id`, (c) => removeToken(c, collection));
  }
}

async function open(
  c: ApiContext,
  collection: Collection,
  purpose: 'read' | 'write',
): Promise<{ owner: MemberOwner; principal: SignedIn }> {
  if (collection === 'groups') {
    const { group, principal } = await openGroup(c, 'own', scopes[purpose]);
    return { owner: memberOwner(group), principal: requireUser(principal) };
  }
  const { project, principal } = await openProject(c, 'admin', scopes[purpose]);
  return { owner: memberOwner(project), principal: requireUser(principal) };
}

function isDeployToken(stored: StoredToken): stored is StoredToken<DeployToken> {
  return stored.token.kind === 'project-deploy' || stored.token.kind === 'group-deploy';
}

async function replyTokens(
  c: ApiContext,
  walk: (walk: Walk) => AsyncIterable<StoredToken>,
): Promise<Response> {
  const params = await readParams(c, listParams);
  const now = c.env.registry.clock.now();
  async function* shown(each: Walk): AsyncGenerator<DeployToken> {
    for await (const stored of walk(each)) {
      if (!isDeployToken(stored)) continue;
      if (params.active === undefined || params.active === isActive(stored.token, now)) yield stored.token;
    }
  }
  const inOrder = rowsById(params, false, ({ id }: DeployToken) => id, shown);
  const { rows, headers } = await pageOf(c, params, inOrder);
  return replyJson(
    c,
    200,
    rows.map((token) => deployTokenJson(token, now)),
    headers,
  );
}

async function requestedToken(c: ApiContext, owner: MemberOwner): Promise<StoredToken<DeployToken>> {
  const stored = await findOwnedToken(c.env.registry, owner, idParam(c, 'token_id'));
  if (!stored || !isDeployToken(stored)) throw new RegistryError('notFound', 'Deploy Token Not Found');
  return stored;
}

async function addToken(c: ApiContext, collection: Collection): Promise<Response> {
  const { owner, principal } = await open(c, collection, 'write');
  const input = await readParams(c, newToken);
  const { token, secret } = await issueDeployToken(c.env.registry, owner, {
    name: input.name,
    scopes: input.scopes,
    username: input.username || undefined,
    expiresAt: input.expires_at ?? null,
    parent: parentOf(principal, input.independent),
    actor: actorOf(principal, c),
  });
  const shown = deployTokenJson(token, c.env.registry.clock.now());
  return replyJson(c, 201, { ...shown, token: secret }, { 'cache-control': 'no-store' });
}

async function removeToken(c: ApiContext, collection: Collection): Promise<Response> {
  const { owner, principal } = await open(c, collection, 'write');
  const { kind, id, path } = owner;
  const stored = await requestedToken(c, owner);
  await deleteDeployToken(c.env.registry, {
    stored,
    actor: actorOf(principal, c),
    owner: { kind, id, path },
  });
  return reply(c, 204, null);
}
