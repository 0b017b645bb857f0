import type { Principal, Token, User } from '../../domain/accounts.ts';
import { anonymous } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { RequestTrace } from '../../domain/request-trace.ts';
import type { Key } from '../../ports/table.ts';
import { type Credential, findToken } from '../accounts/find-token.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { type Items, readItems } from '../records/read-items.ts';

/**
 * The token of a credential, or undefined without a credential.
 * @throws RegistryError `unauthenticated` if the credential is not an active token.
 */
export async function tokenOf(
  registry: Registry,
  credential: Credential | undefined,
  trace?: RequestTrace,
): Promise<Token | undefined> {
  return credential && findToken(registry, credential, trace);
}

/** The id of the user a token acts as, or undefined. */
export function userIdOf(token: Token | undefined): number | undefined {
  return token !== undefined && 'userId' in token ? token.userId : undefined;
}

/** The key of the user a token acts as, for `principalOf`. */
export function principalKeys(token: Token | undefined): Key[] {
  const id = userIdOf(token);
  return id === undefined ? [] : [keys.user(id)];
}

/**
 * The principal of a token, from the items under `principalKeys`. The trace gets the user even if it is refused.
 * @throws RegistryError `unauthenticated` if the user is blocked or deleted.
 */
export function principalOf(token: Token | undefined, items: Items, trace?: RequestTrace): Principal {
  if (token === undefined) return anonymous;
  if (!('userId' in token)) return { kind: 'deploy', token };
  const user = items.get<User>(keys.user(token.userId));
  if (trace) trace.user = user;
  if (user?.state !== 'active') {
    const reason = user ? 'user blocked' : 'user deleted';
    throw new RegistryError('unauthenticated', undefined, { reason });
  }
  return { kind: 'user', user, token };
}

/** The principal of a credential, for callers that have nothing else to read in the same round trip. */
export async function identify(
  registry: Registry,
  credential: Credential | undefined,
  trace?: RequestTrace,
): Promise<Principal> {
  const token = await tokenOf(registry, credential, trace);
  return principalOf(token, await readItems(registry.table, principalKeys(token)), trace);
}
