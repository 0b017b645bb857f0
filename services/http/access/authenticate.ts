import type { Principal, Token, User } from '../../domain/accounts.ts';
import { anonymous } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Item, Key } from '../../ports/table.ts';
import { findToken } from '../../registry/accounts/find-token.ts';
import type { Registry } from '../../registry/context.ts';
import { maybeEntity } from '../../registry/records/entities.ts';
import { keys } from '../../registry/records/keys.ts';
import { credentialOf } from './credentials.ts';

/**
 * The token a request carries, or undefined when it carries none. A credential that is no live token is an error.
 * `formatHeaders` are the token headers of the format that is asked.
 */
export async function presentedToken(
  registry: Registry,
  request: Request,
  formatHeaders?: readonly string[],
): Promise<Token | undefined> {
  const credential = credentialOf(request, formatHeaders);
  return credential && findToken(registry, credential);
}

/** The id of the user a token acts as, or undefined. */
export function userIdOf(token: Token | undefined): number | undefined {
  return token !== undefined && 'userId' in token ? token.userId : undefined;
}

/** The key of the token's user, as a list so that it joins other keys in one read. */
export function userKeys(token: Token | undefined): Key[] {
  const id = userIdOf(token);
  return id === undefined ? [] : [keys.user(id)];
}

/** Who is behind a token, given the item under `userKeys`. Users who are blocked or gone are no one. */
export function principalOf(token: Token | undefined, userItem: Item | undefined): Principal {
  if (token === undefined) return anonymous;
  if (!('userId' in token)) return { kind: 'deploy', token };
  const user = maybeEntity<User>(userItem);
  if (user?.state !== 'active') throw new RegistryError('unauthenticated');
  return { kind: 'user', user, token };
}

/** Who makes a request, for callers with nothing else to read in the same round trip. */
export async function authenticate(
  registry: Registry,
  request: Request,
  formatHeaders?: readonly string[],
): Promise<Principal> {
  const token = await presentedToken(registry, request, formatHeaders);
  const [key] = userKeys(token);
  return principalOf(token, key && (await registry.table.get(key)));
}
