/**
 * User names of deploy tokens. They are shown as publishers of packages, like the names of users, so a deploy token can't
 * have the name of a user. Several tokens may share a name. Each has an item in the partition of the name. Every new token
 * also increments a counter there, on which the creation of a user with that name depends.
 */
import type { DeployToken } from '../../domain/accounts.ts';
import { type FullPath, parseFullPath } from '../../domain/names.ts';
import type { Condition, Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { readSchema } from '../maintenance/upgrade/schema.ts';
import { itemOf } from '../records/entities.ts';
import { indexes, keys, ranges } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import { readRoute, type StoredRoute } from './routes.ts';

/** The schema since which all tokens have an item under their name. */
const SINCE = 7;

/** The facts of a deploy token that its name depends on. */
type NamedToken = Pick<DeployToken, 'id' | 'username'>;

/** Returns the write that lists a token under its name. None for names that no user can have. */
export function deployNameWrites({ id, username }: NamedToken): Write[] {
  const path = parseFullPath(username);
  return path ? [{ put: itemOf(keys.deployName(path, id), { username }) }] : [];
}

/** Returns the write that removes a token from under its name. */
export function deployNameDeletes({ id, username }: NamedToken): Write[] {
  const path = parseFullPath(username);
  return path ? [{ delete: keys.deployName(path, id) }] : [];
}

/**
 * Returns the writes that give a token its name, for the transaction that creates it. They fail if a user gets the name at
 * the same time. Undefined if a user has it.
 */
export async function takeDeployName(
  { table }: Pick<Registry, 'table'>,
  token: NamedToken,
): Promise<readonly Write[] | undefined> {
  const path = parseFullPath(token.username);
  if (!path) return [];
  const route = await readRoute(table, path);
  if (route?.kind === 'user') return undefined;
  return [
    { check: keys.route(path), when: unchanged(route) },
    { update: keys.deployNameGuard(path), add: { changes: 1 } },
    ...deployNameWrites(token),
  ];
}

function unchanged(route: StoredRoute | undefined): Condition {
  return route ? { equals: { kind: route.kind, id: route.id } } : { exists: false };
}

/**
 * Returns the write that keeps deploy tokens from getting a name, for the transaction that creates a user with it. Undefined
 * if a token has the name.
 */
export async function withoutDeployName(
  { table }: Pick<Registry, 'table'>,
  path: FullPath,
): Promise<Write | undefined> {
  const guard = keys.deployNameGuard(path);
  const { items } = await table.query({ ...ranges.deployNames(path), limit: 2 });
  const changes = items.find(({ sk }) => sk === guard.sk)?.changes;
  if (items.some(({ sk }) => sk !== guard.sk)) return undefined;
  if ((await readSchema({ table })) < SINCE && (await isAnyNamed({ table }, path))) return undefined;
  return { check: guard, when: { equals: { changes: changes === undefined ? undefined : Number(changes) } } };
}

async function isAnyNamed({ table }: Pick<Registry, 'table'>, path: FullPath): Promise<boolean> {
  for await (const items of queryPages(table, indexes.tokens)) {
    const names = items.map(({ username }) => (typeof username === 'string' ? username.toLowerCase() : ''));
    if (names.includes(path.toLowerCase())) return true;
  }
  return false;
}
