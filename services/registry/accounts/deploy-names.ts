import type { Token } from '../../domain/accounts.ts';
import type { Registry } from '../context.ts';
import { entityOf } from '../records/entities.ts';
import { indexes } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';

/**
 * Whether a deploy token has a user name, in any case. Reads all tokens of the instance, since their names are in no
 * index: only for what administrators do seldom.
 */
export async function isDeployName({ table }: Registry, username: string): Promise<boolean> {
  const wanted = username.toLowerCase();
  for await (const items of queryPages(table, indexes.tokens)) {
    for (const item of items) {
      const token = entityOf<Token>(item);
      if ('username' in token && token.username.toLowerCase() === wanted) return true;
    }
  }
  return false;
}
