import type { Principal, Token, User } from '../../domain/accounts.ts';
import { anonymous, isActive } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { RequestTrace } from '../../domain/request-trace.ts';
import type { Key } from '../../ports/table.ts';
import { type Credential, findToken, findTokenByDigest } from '../accounts/find-token.ts';
import { parentKeys, withParents } from '../accounts/token-parents.ts';
import type { Registry } from '../context.ts';
import { type Grant, isGrant, openGrant } from '../grants/grant.ts';
import { keys } from '../records/keys.ts';
import { type Items, readItems } from '../records/read-items.ts';

/** The token of a request, and the grant through which it was sent, if it was. */
export interface Presented {
  readonly token: Token | undefined;
  readonly grant: Grant | undefined;
}

/**
 * The token of a credential: its own, or that of a grant, for formats whose clients use grants.
 * @throws RegistryError `unauthenticated` if the credential is not an active token, `invalidGrant` if it is no valid grant.
 */
export async function tokenOf(
  registry: Registry,
  credential: Credential | undefined,
  {
    grants = false,
    trace,
  }: { readonly grants?: boolean | undefined; readonly trace?: RequestTrace | undefined },
): Promise<Presented> {
  if (!credential) return { token: undefined, grant: undefined };
  // A grant is sent as a Bearer token, without a user name.
  if (!grants || credential.username !== undefined || !isGrant(credential.secret)) {
    return { token: await findToken(registry, credential, trace), grant: undefined };
  }
  const grant = await openGrant(registry, credential.secret);
  const { tokenSha256: sha256 } = grant;
  const token = sha256 === undefined ? undefined : await findTokenByDigest(registry, { sha256 }, trace);
  return { token, grant };
}

/** The id of the user a token acts as, or undefined. */
export function userIdOf(token: Token | undefined): number | undefined {
  return token !== undefined && 'userId' in token ? token.userId : undefined;
}

/** The keys of the user a token acts as and of the tokens it was made with, for `principalOf`. */
export function principalKeys(token: Token | undefined): Key[] {
  if (!token) return [];
  return [...('userId' in token ? [keys.user(token.userId)] : []), ...parentKeys(token)];
}

/**
 * The principal of a token, from the items under `principalKeys`. The trace gets the user even if it is refused.
 * @throws RegistryError `unauthenticated` if the user is blocked or deleted, or a token that the token was made with
 * has ended.
 */
export function principalOf(
  token: Token | undefined,
  items: Items,
  now: number,
  trace?: RequestTrace,
): Principal {
  if (token === undefined) return anonymous;
  const counted = token.parents ? requireParents(token, items, now) : token;
  if (!('userId' in counted)) return { kind: 'deploy', token: counted };
  const user = items.get<User>(keys.user(counted.userId));
  if (trace) trace.user = user;
  if (user?.state !== 'active') {
    const reason = user ? 'user blocked' : 'user deleted';
    throw new RegistryError('unauthenticated', undefined, { reason });
  }
  return { kind: 'user', user, token: counted };
}

/** The token as it counts. @throws RegistryError if one that it was made with has ended */
function requireParents(token: Token, items: Items, now: number): Token {
  const counted = withParents(token, items);
  if (isActive(counted, now)) return counted;
  const reason = `the token it was made with ${counted.revoked ? 'was revoked' : 'has expired'}`;
  throw new RegistryError('unauthenticated', undefined, { reason });
}

/** The principal of a credential, for callers that have nothing else to read in the same round trip. */
export async function identify(
  registry: Registry,
  credential: Credential | undefined,
  trace?: RequestTrace,
): Promise<Principal> {
  return (await identifyGranted(registry, credential, { trace })).principal;
}

/** Like `identify`, also for grants. */
export async function identifyGranted(
  registry: Registry,
  credential: Credential | undefined,
  options: { readonly grants?: boolean | undefined; readonly trace?: RequestTrace | undefined },
): Promise<{ readonly principal: Principal; readonly grant: Grant | undefined }> {
  const { token, grant } = await tokenOf(registry, credential, options);
  const items = await readItems(registry.table, principalKeys(token));
  return { principal: principalOf(token, items, registry.clock.now(), options.trace), grant };
}
