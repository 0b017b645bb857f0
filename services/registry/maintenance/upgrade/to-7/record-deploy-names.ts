import type { Token } from '../../../../domain/accounts.ts';
import { deployNameWrites } from '../../../accounts/deploy-names.ts';
import type { Registry } from '../../../context.ts';
import { entityOf } from '../../../records/entities.ts';
import { indexes } from '../../../records/keys.ts';
import { queryPages } from '../../../records/query-all.ts';
import { unlessChanged } from '../unless-changed.ts';

/** Lists all deploy tokens under their user names, so that no user gets one of these. */
export async function recordDeployNames({ table }: Registry, signal: AbortSignal): Promise<boolean> {
  for await (const items of queryPages(table, { ...indexes.tokens, limit: 50 })) {
    if (signal.aborted) return false;
    const writes = items.flatMap((item) => {
      const token = entityOf<Token>(item);
      if (!('username' in token)) return [];
      const exists = { check: { pk: item.pk, sk: item.sk }, when: { exists: true } };
      return [[...deployNameWrites(token), exists]];
    });
    for (const write of writes.filter((each) => each.length > 1))
      await unlessChanged(() => table.write(write));
  }
  return true;
}
