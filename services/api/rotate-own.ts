import type { AccessToken, Member, User } from '../domain/accounts.ts';
import { RegistryError } from '../domain/errors.ts';
import { actorOf } from '../http/access/actor.ts';
import { credentialOf } from '../http/access/credentials.ts';
import { replyJson } from '../http/answer/reply.ts';
import { findUser, locateGroup, locateProject } from '../registry/accounts/find-accounts.ts';
import { memberOwner } from '../registry/accounts/find-members.ts';
import {
  findTokenBySecret,
  type StoredToken,
  ownerOf as tokenOwner,
} from '../registry/accounts/list-tokens.ts';
import { rotateToken } from '../registry/accounts/rotate-token.ts';
import { maybeEntity } from '../registry/records/entities.ts';
import { keys } from '../registry/records/keys.ts';
import { accessTokenJson, resourceTokenJson } from './json/token-json.ts';
import { readParams } from './params.ts';
import { type ApiContext, requirePath, signedIn } from './request.ts';
import { rotatedExpiryOf, rotation } from './token-params.ts';

/**
 * Rotates the token the request was made with. A revoked token is refused, but its use here shows that it was
 * copied, so all tokens of its lineage are revoked.
 */
export async function rotateOwn(c: ApiContext, kind: AccessToken['kind']): Promise<Response> {
  const { registry } = c.env;
  const stored = await presentedAccess(c);
  const user = stored && (await findUser(registry.table, stored.token.userId));
  if (!stored || !user) throw new RegistryError('unauthenticated');
  if (!stored.token.revoked) await signedIn(c, ['api', 'self_rotate']);
  if (stored.token.kind !== kind) {
    throw new RegistryError(
      'methodNotAllowed',
      `Method Not Allowed - this is a ${stored.token.kind} access token`,
    );
  }
  const owner = await ownerOf(c, stored.token, user);
  const input = await readParams(c, rotation);
  const issued = await rotateToken(registry, {
    stored,
    expiresAt: rotatedExpiryOf(c, input.expires_at),
    actor: actorOf({ kind: 'user', user, token: stored.token }, c),
    owner,
  });
  const shown = await renderToken(c, issued.token);
  return replyJson(c, 200, { ...shown, token: issued.secret }, { 'cache-control': 'no-store' });
}

/** Returns the access token the request was made with, even if revoked or expired, or undefined without one. */
async function presentedAccess(c: ApiContext): Promise<StoredToken<AccessToken> | undefined> {
  const credential = credentialOf(c.req.raw);
  const stored = credential && (await findTokenBySecret(c.env.registry, credential.secret));
  return stored && 'userId' in stored.token ? { ...stored, token: stored.token } : undefined;
}

async function renderToken(c: ApiContext, token: AccessToken) {
  const { table, clock } = c.env.registry;
  if (token.kind === 'personal') return accessTokenJson(token, clock.now());
  const member = maybeEntity<Member>(await table.get(keys.member(tokenOwner(token), token.userId)));
  return resourceTokenJson(token, member?.level, clock.now());
}

async function ownerOf(c: ApiContext, token: AccessToken, user: User) {
  if (token.kind === 'personal') return { kind: 'user', id: user.id, path: user.username } as const;
  const { table } = c.env.registry;
  const id = c.req.param('id') ?? '';
  const located = await (token.kind === 'project' ? locateProject(table, id) : locateGroup(table, id));
  const owner = located?.entity;
  if (!owner || owner.id !== token.resourceId) throw new RegistryError('unauthenticated');
  requirePath(c, located);
  const { kind, path } = memberOwner(owner);
  return { kind, id: owner.id, path };
}
