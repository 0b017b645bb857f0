import type { Scope } from '../../domain/access.ts';
import type { AccessToken, DeployToken, Token, TokenFacts, User } from '../../domain/accounts.ts';
import type { Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf } from '../entities.ts';
import { keys, type Owner } from '../keys.ts';
import { botWrites, memberWrite } from './create-user.ts';
import { newSecret, secretDigest } from './token-secret.ts';

/** A token to make. */
export interface NewToken {
  readonly name: string;
  readonly description?: string | undefined;
  readonly scopes: readonly Scope[];
  /** When it stops working, milliseconds since the epoch, or null. */
  readonly expiresAt: number | null;
}

/** A token just made. `secret` is told this once and never again. */
export interface Issued<T extends Token> {
  readonly token: T;
  readonly secret: string;
}

/** The pointer by which an owner's tokens are listed. */
export interface TokenPointer {
  readonly id: number;
  readonly kind: Token['kind'];
  readonly sha256: string;
}

/** Makes a personal access token; `secret` only where it is given from outside. */
export async function issuePersonalToken(
  registry: Registry,
  user: User,
  input: NewToken,
  secret = newSecret('access'),
): Promise<Issued<AccessToken>> {
  const facts = await tokenFacts(registry, input);
  const token: AccessToken = { ...facts, kind: 'personal', userId: user.id, resourceId: null };
  await registry.table.write(tokenWrites({ kind: 'user', id: user.id }, token, secret));
  return { token, secret };
}

/** Makes a project or group access token, with the bot user that it acts as and the bot's membership. */
export async function issueResourceToken(
  registry: Registry,
  owner: Owner & { readonly kind: 'project' | 'group' },
  input: NewToken & { readonly level: number },
): Promise<Issued<AccessToken>> {
  const now = registry.clock.now();
  const facts = await tokenFacts(registry, input);
  const userId = await registry.ids.next('user');
  const username = `${owner.kind}_${owner.id}_bot_${userId}`;
  const bot: User = {
    id: userId,
    username,
    name: input.name,
    email: `${username}@noreply.invalid`,
    state: 'active',
    admin: false,
    bot: true,
    namespaceId: 0,
    createdAt: now,
  };
  const token: AccessToken = { ...facts, kind: owner.kind, userId, resourceId: owner.id };
  const secret = newSecret('access');
  await registry.table.write([
    ...botWrites(bot),
    memberWrite(owner, userId, input.level, null, now),
    ...tokenWrites(owner, token, secret),
  ]);
  return { token, secret };
}

/** Makes a deploy token; its user name is `gitlab+deploy-token-<id>` unless one is given. */
export async function issueDeployToken(
  registry: Registry,
  owner: Owner & { readonly kind: 'project' | 'group' },
  input: NewToken & { readonly username?: string | undefined },
): Promise<Issued<DeployToken>> {
  const facts = await tokenFacts(registry, input);
  const token: DeployToken = {
    ...facts,
    kind: `${owner.kind}-deploy`,
    username: input.username ?? `gitlab+deploy-token-${facts.id}`,
    resourceId: owner.id,
  };
  const secret = newSecret('deploy');
  await registry.table.write(tokenWrites(owner, token, secret));
  return { token, secret };
}

/** The writes that store a token under its digest and list it under its owner. */
export function tokenWrites(owner: Owner, token: Token, secret: string): Write[] {
  const sha256 = secretDigest(secret);
  const pointer: TokenPointer = { id: token.id, kind: token.kind, sha256 };
  return [
    { put: itemOf(keys.token(sha256), token), when: { exists: false } },
    { put: itemOf(keys.ownedToken(owner, token.id), pointer), when: { exists: false } },
  ];
}

async function tokenFacts(registry: Registry, input: NewToken): Promise<TokenFacts> {
  return {
    id: await registry.ids.next('token'),
    name: input.name,
    description: input.description ?? '',
    scopes: [...input.scopes],
    createdAt: registry.clock.now(),
    expiresAt: input.expiresAt,
    revoked: false,
    lastUsedAt: null,
  };
}
