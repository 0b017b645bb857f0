import type { Scope } from '../../domain/access.ts';
import type { AccessToken, DeployToken, Token, TokenFacts, User } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import { ConditionFailed, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf } from '../records/entities.ts';
import { indexes, inIndex1, keys, type Owner, padId } from '../records/keys.ts';
import { accountEvent } from './account-event.ts';
import { botWrites, memberWrite } from './create-user.ts';
import { newSecret, secretDigest } from './token-secret.ts';

/** A token to make. */
export interface NewToken {
  readonly name: string;
  readonly description?: string | undefined;
  readonly scopes: readonly Scope[];
  /** When it stops working, milliseconds since the epoch, or null. */
  readonly expiresAt: number | null;
  readonly actor?: Actor | undefined;
}

/** Where a project's or group's token is made. */
export type TokenOwner = Owner & { readonly kind: 'project' | 'group'; readonly path?: string };

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
  const owner = { kind: 'user', id: user.id, path: user.username } as const;
  await registry.table.write([
    ...tokenWrites(owner, token, secret),
    ...createdEvent(registry, owner, token, input),
  ]);
  return { token, secret };
}

/** Makes a project or group access token, with the bot user that it acts as and the bot's membership. */
export async function issueResourceToken(
  registry: Registry,
  owner: TokenOwner,
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
  await writeFor(registry, owner, [
    ...botWrites(bot),
    memberWrite(owner, userId, input.level, null, now),
    ...tokenWrites(owner, token, secret),
    ...createdEvent(registry, owner, token, input),
  ]);
  return { token, secret };
}

/** Makes a deploy token; its user name is `gitlab+deploy-token-<id>` unless one is given. */
export async function issueDeployToken(
  registry: Registry,
  owner: TokenOwner,
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
  await writeFor(registry, owner, [
    ...tokenWrites(owner, token, secret),
    ...createdEvent(registry, owner, token, input),
  ]);
  return { token, secret };
}

/** Writes something of a project or group, if that is still there in the same transaction. */
async function writeFor(registry: Registry, owner: TokenOwner, writes: readonly Write[]): Promise<void> {
  try {
    await registry.table.write([ownerStands(owner), ...writes]);
  } catch (error) {
    const gone = error instanceof ConditionFailed && error.operation === 0;
    throw gone ? new RegistryError(goneCode[owner.kind], undefined, { cause: error }) : error;
  }
}

/** The write that fails when a project or group is gone. */
export function ownerStands({ kind, id }: Pick<TokenOwner, 'kind' | 'id'>): Write {
  return { check: kind === 'project' ? keys.project(id) : keys.group(id), when: { exists: true } };
}

/** What to tell when a project or group is gone. */
export const goneCode = { project: 'projectNotFound', group: 'groupNotFound' } as const;

/** The writes that store a token under its digest and list it under its owner. */
export function tokenWrites(owner: Owner, token: Token, secret: string): Write[] {
  const sha256 = secretDigest(secret);
  const pointer: TokenPointer = { id: token.id, kind: token.kind, sha256 };
  return [
    {
      put: itemOf(keys.token(sha256), token, inIndex1(indexes.tokens.pk, padId(token.id))),
      when: { exists: false },
    },
    { put: itemOf(keys.ownedToken(owner, token.id), pointer), when: { exists: false } },
  ];
}

function createdEvent(
  registry: Registry,
  owner: Owner & { readonly path?: string },
  token: Token,
  { actor }: NewToken,
): Write[] {
  return accountEvent(registry.clock.now(), {
    type: 'token_created',
    actor,
    owner: { kind: owner.kind, id: owner.id, path: owner.path ?? '' },
    name: token.name,
    details: { kind: token.kind, token: token.id, scopes: token.scopes.join(' ') },
  });
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
