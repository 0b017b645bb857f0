import type { Member } from '../../domain/accounts.ts';
import type { Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { entityOf } from '../records/entities.ts';
import { keys, type Owner, ranges } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';
import { deployNameDeletes } from './deploy-names.ts';
import { usersById } from './list-accounts.ts';
import { type StoredToken, tokensOf } from './list-tokens.ts';
import { lineageRevoked } from './token-parents.ts';

/** How many members or tokens one transaction removes. */
const AT_ONCE = 25;

/** Removes every token of a group or project, with the bots behind them and their memberships in it. */
export async function removeTokens(registry: Registry, owner: Owner): Promise<void> {
  const stored = await tokensOf(registry, owner);
  await inBatches(
    registry,
    stored.map((each) => tokenDeletes(owner, each)),
  );
  await inBatches(registry, await botDeletes(registry, owner, stored));
}

/** Removes every membership of a group or project. */
export async function removeMembers(registry: Registry, owner: Owner): Promise<void> {
  const members = await queryAll(registry.table, ranges.members(owner));
  await inBatches(
    registry,
    members.map((item) => [{ delete: keys.member(owner, entityOf<Member>(item).userId) }]),
  );
}

/** The writes that delete a token and its pointer, and end what was made with it. */
export function tokenDeletes(owner: Owner, { token, sha256 }: StoredToken): Write[] {
  const deletes = [{ delete: keys.token(sha256) }, { delete: keys.ownedToken(owner, token.id) }];
  // Nothing can be made with a deploy token.
  return [...deletes, ...('userId' in token ? [lineageRevoked(token)] : deployNameDeletes(token))];
}

async function botDeletes(
  registry: Registry,
  owner: Owner,
  stored: readonly StoredToken[],
): Promise<Write[][]> {
  const ids = new Set(stored.flatMap(({ token }) => ('userId' in token ? [token.userId] : [])));
  const users = await usersById(registry, [...ids]);
  return [...users.values()]
    .filter((user) => user.bot)
    .map((user) => [
      { delete: keys.user(user.id) },
      { delete: keys.route(user.username) },
      { delete: keys.member(owner, user.id) },
    ]);
}

async function inBatches(registry: Registry, steps: readonly Write[][]): Promise<void> {
  for (let start = 0; start < steps.length; start += AT_ONCE) {
    await registry.table.write(steps.slice(start, start + AT_ONCE).flat());
  }
}
