import type { Scope } from '../../domain/access.ts';
import type { AccessToken, DeployToken, Token, TokenFacts, User } from '../../domain/accounts.ts';
import { botName } from '../../domain/bots.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import { ConditionFailed, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { itemOf } from '../records/entities.ts';
import { indexes, inIndex1, keys, type Owner, padId } from '../records/keys.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { accountEvent } from './account-event.ts';
import { botWrites, memberWrite } from './create-user.ts';
import { takeDeployName } from './deploy-names.ts';
import { fullPathOf, invalidField } from './paths.ts';
import { endingWith, parentageOf } from './token-parents.ts';
import { newSecret, secretDigest } from './token-secret.ts';

/** A token to create. */
export interface NewToken {
  readonly name: string;
  readonly description?: string | undefined;
  readonly scopes: readonly Scope[];
  /** When it expires, in milliseconds since the epoch, or null. */
  readonly expiresAt: number | null;
  /** The token that it is made with and ends with; undefined if it depends on no other. */
  readonly parent?: Token | undefined;
  readonly actor?: Actor | undefined;
}

/** The project or group that a token belongs to. */
export type TokenOwner = Owner & { readonly kind: 'project' | 'group'; readonly path?: string };

/** A token just created. This is the only time `secret` is available. */
export interface Issued<T extends Token> {
  readonly token: T;
  readonly secret: string;
}

/** The pointer to a token in the partition of its owner, through which lists find the owner's tokens. */
export interface TokenPointer {
  readonly id: number;
  readonly kind: Token['kind'];
  readonly sha256: string;
}

/**
 * Creates a personal access token. Pass `secret` only if it is chosen from outside.
 * @throws RegistryError `forbidden` for a bot, which has only the token it was created with
 */
export async function issuePersonalToken(
  registry: Registry,
  user: User,
  input: NewToken,
  secret = newSecret('access'),
): Promise<Issued<AccessToken>> {
  if (user.bot) throw new RegistryError('forbidden', 'Forbidden - bots cannot have personal access tokens');
  const { facts, checks } = await tokenFacts(registry, input);
  const token: AccessToken = { ...facts, kind: 'personal', userId: user.id, resourceId: null };
  const owner = { kind: 'user', id: user.id, path: user.username } as const;
  await writeToken(registry, [], checks, [
    ...tokenWrites(owner, token, secret),
    ...createdEvent(registry, owner, token, input),
  ]);
  return { token: endingWith(token, input.parent), secret };
}

/** Creates a project or group access token, with the bot user that it acts as and the bot's membership. */
export async function issueResourceToken(
  registry: Registry,
  owner: TokenOwner,
  input: NewToken & { readonly level: number },
): Promise<Issued<AccessToken>> {
  const now = registry.clock.now();
  const { facts, checks } = await tokenFacts(registry, input);
  const userId = await registry.ids.next('user');
  const username = fullPathOf(botName(owner, userId));
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
  await writeFor(registry, owner, checks, [
    ...botWrites(bot),
    memberWrite(owner, userId, input.level, null, now),
    ...tokenWrites(owner, token, secret),
    ...createdEvent(registry, owner, token, input),
  ]);
  return { token: endingWith(token, input.parent), secret };
}

/** The characters of a deploy token's user name, as in GitLab: with `:`, Basic credentials could not be read. */
const DEPLOY_NAME = /^[A-Za-z0-9._+-]{1,255}$/;

/** User names of other tokens, and of the bots of projects and groups. */
const RESERVED_DEPLOY_NAME =
  /^(?:gitlab(?:\+deploy-token-|-ci-token$|-deploy-token$)|(?:project|group)_\d+_bot)/i;

/**
 * Checks a user name for a deploy token, and returns the writes that take it.
 * @throws RegistryError `invalidRequest` if it has other characters, or belongs to a user or another token
 */
async function takenName(registry: Registry, token: DeployToken): Promise<readonly Write[]> {
  const { username } = token;
  if (!DEPLOY_NAME.test(username)) {
    throw invalidField('username', "can contain only letters, digits, '_', '-', '+', and '.'");
  }
  if (RESERVED_DEPLOY_NAME.test(username)) throw invalidField('username', 'is a reserved name');
  const writes = await takeDeployName(registry, token);
  if (!writes) throw invalidField('username', 'has already been taken');
  return writes;
}

/**
 * Creates a deploy token; its user name is `gitlab+deploy-token-<id>` unless one is given.
 * @throws RegistryError `invalidRequest` if the given user name is not valid, or another's
 */
export async function issueDeployToken(
  registry: Registry,
  owner: TokenOwner,
  input: NewToken & { readonly username?: string | undefined },
): Promise<Issued<DeployToken>> {
  const { facts, checks } = await tokenFacts(registry, input);
  const { username } = input;
  const token: DeployToken = {
    ...facts,
    kind: `${owner.kind}-deploy`,
    username: username ?? `gitlab+deploy-token-${facts.id}`,
    resourceId: owner.id,
  };
  const secret = newSecret('deploy');
  // A user who gets the name at the same time makes the writes fail, and the next attempt refuses it.
  await retryChanged(async () =>
    writeFor(registry, owner, checks, [
      ...(username === undefined ? [] : await takenName(registry, token)),
      ...tokenWrites(owner, token, secret),
      ...createdEvent(registry, owner, token, input),
    ]),
  );
  return { token: endingWith(token, input.parent), secret };
}

/** Executes writes that belong to a project or group, in a transaction that checks that it still exists. */
async function writeFor(
  registry: Registry,
  owner: TokenOwner,
  checks: readonly Write[],
  writes: readonly Write[],
): Promise<void> {
  try {
    await writeToken(registry, [ownerExists(owner)], checks, writes);
  } catch (error) {
    const ownerMissing = error instanceof ConditionFailed && error.operation === 0;
    throw ownerMissing ? new RegistryError(missingCode[owner.kind], undefined, { cause: error }) : error;
  }
}

/**
 * Executes the writes of a new token after `first` and the checks of its parent.
 * @throws RegistryError `unauthenticated` if the parent has been revoked since the request was accepted
 */
async function writeToken(
  { table }: Registry,
  first: readonly Write[],
  checks: readonly Write[],
  writes: readonly Write[],
): Promise<void> {
  try {
    await table.write([...first, ...checks, ...writes]);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
    const position = error.operation - first.length;
    if (position < 0 || position >= checks.length) throw error;
    throw new RegistryError('unauthenticated', undefined, { cause: error, reason: 'token revoked' });
  }
}

/** The check that fails if a project or group no longer exists. */
export function ownerExists({ kind, id }: Pick<TokenOwner, 'kind' | 'id'>): Write {
  return { check: kind === 'project' ? keys.project(id) : keys.group(id), when: { exists: true } };
}

/** The error codes for a project or group that no longer exists. */
export const missingCode = { project: 'projectNotFound', group: 'groupNotFound' } as const;

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
  { actor, parent }: NewToken,
): Write[] {
  return accountEvent(registry.clock.now(), {
    type: 'token_created',
    actor,
    owner: { kind: owner.kind, id: owner.id, path: owner.path ?? '' },
    name: token.name,
    details: {
      kind: token.kind,
      token: token.id,
      scopes: token.scopes.join(' '),
      ...(parent && { parent: parent.id }),
    },
  });
}

async function tokenFacts(
  registry: Registry,
  input: NewToken,
): Promise<{ readonly facts: TokenFacts; readonly checks: readonly Write[] }> {
  const { parents, writes } = await parentageOf(registry, input.parent);
  const facts = {
    id: await registry.ids.next('token'),
    name: input.name,
    description: input.description ?? '',
    scopes: [...input.scopes],
    createdAt: registry.clock.now(),
    expiresAt: input.expiresAt,
    revoked: false,
    lastUsedAt: null,
    ...(parents && { parents }),
  };
  return { facts, checks: writes };
}
