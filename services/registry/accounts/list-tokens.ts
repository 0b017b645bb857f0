import type { Token } from '../../domain/accounts.ts';
import type { Item } from '../../ports/table.ts';
import { MAX_PAGE } from '../../ports/table-rules.ts';
import type { Registry } from '../context.ts';
import { entityOf, maybeEntity } from '../records/entities.ts';
import { indexes, keys, type Owner, padId, ranges } from '../records/keys.ts';
import { queryGrowing } from '../records/query-all.ts';
import { readItems } from '../records/read-items.ts';
import { readMany } from '../records/read-many.ts';
import type { TokenPointer } from './issue-token.ts';
import type { Walk } from './list-accounts.ts';
import { parentKeys, withParents } from './token-parents.ts';
import { secretDigest } from './token-secret.ts';

/** A token as it counts (`withParents`), with the digest of its secret, by which it is stored. */
export interface StoredToken<T extends Token = Token> {
  readonly token: T;
  readonly sha256: string;
}

/** The owner of a token, whose partition has the pointer to it. */
export function ownerOf(token: Token): Owner {
  switch (token.kind) {
    case 'personal':
      return { kind: 'user', id: token.userId };
    case 'project':
    case 'project-deploy':
      return { kind: 'project', id: token.resourceId ?? 0 };
    case 'group':
    case 'group-deploy':
      return { kind: 'group', id: token.resourceId ?? 0 };
  }
}

/** Every token of an owner, of any kind, oldest first. */
export async function tokensOf(registry: Registry, owner: Owner): Promise<StoredToken[]> {
  const tokens: StoredToken[] = [];
  for await (const token of walkTokens(registry, owner)) tokens.push(token);
  return tokens;
}

/** The tokens of an owner by id, of any kind, read page by page. */
export async function* walkTokens(
  registry: Registry,
  owner: Owner,
  { after, descending = false, atOnce = MAX_PAGE }: Walk = {},
): AsyncGenerator<StoredToken> {
  const query = {
    ...ranges.tokens(owner),
    reverse: descending,
    ...(after !== undefined && { after: keys.ownedToken(owner, after).sk }),
  };
  for await (const pointers of queryGrowing(registry.table, query, atOnce)) {
    const items = await readMany(
      registry.table,
      pointers.map((pointer) => keys.token(entityOf<TokenPointer>(pointer).sha256)),
    );
    yield* await storedTokens(registry, items);
  }
}

/** The token of an owner with this id, or undefined. */
export async function findOwnedToken(
  registry: Registry,
  owner: Owner,
  id: number,
): Promise<StoredToken | undefined> {
  const pointer = maybeEntity<TokenPointer>(await registry.table.get(keys.ownedToken(owner, id)));
  if (!pointer) return undefined;
  return (await storedTokens(registry, [await registry.table.get(keys.token(pointer.sha256))]))[0];
}

/** The token of a secret, even if revoked or expired, or undefined. For authentication, use `findToken`. */
export async function findTokenBySecret(
  registry: Registry,
  secret: string,
): Promise<StoredToken | undefined> {
  return (await storedTokens(registry, [await registry.table.get(keys.token(secretDigest(secret)))]))[0];
}

/** The token with this id, of any owner, or undefined. */
export async function findTokenById(registry: Registry, id: number): Promise<StoredToken | undefined> {
  const page = await registry.table.query({ ...indexes.tokens, prefix: padId(id) });
  return (await storedTokens(registry, [page.items[0]]))[0];
}

/** The tokens of the instance by id, of any kind, read page by page. For administrators. */
export async function* walkAllTokens(
  registry: Registry,
  { after, descending = false, atOnce = MAX_PAGE }: Walk = {},
): AsyncGenerator<StoredToken> {
  const query = {
    ...indexes.tokens,
    reverse: descending,
    ...(after !== undefined && { after: padId(after) }),
  };
  for await (const items of queryGrowing(registry.table, query, atOnce)) {
    yield* await storedTokens(registry, items);
  }
}

async function storedTokens(
  { table }: Registry,
  items: readonly (Item | undefined)[],
): Promise<StoredToken[]> {
  const stored = items.flatMap((item) => (item ? [storedToken(item)] : []));
  const parents = await readItems(
    table,
    stored.flatMap(({ token }) => parentKeys(token)),
  );
  return stored.map(({ token, sha256 }) => ({ token: withParents(token, parents), sha256 }));
}

function storedToken(item: Item): StoredToken {
  return { token: entityOf<Token>(item), sha256: item.pk.slice(item.pk.indexOf('#') + 1) };
}
