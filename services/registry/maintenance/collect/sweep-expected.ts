import { ConditionFailed, type Item } from '../../../ports/table.ts';
import type { Registry } from '../../context.ts';
import { DEPLOYMENT } from '../../publish-rules/expected-digests.ts';
import type { ExpectedDigests } from '../../records/entities.ts';
import { indexes } from '../../records/keys.ts';
import { queryPages } from '../../records/query-all.ts';

/** Deletes digests that no longer count, until `signal` aborts. */
export async function sweepExpected({ table, clock }: Registry, signal?: AbortSignal): Promise<void> {
  const end = new Date(clock.now() - DEPLOYMENT).toISOString();
  for await (const items of queryPages(table, { ...indexes.expectedDigests, limit: 100 })) {
    for (const { pk, sk, at, index2sk = '' } of items as readonly (Item & ExpectedDigests)[]) {
      if (signal?.aborted || index2sk >= end) return;
      try {
        await table.write([{ delete: { pk, sk }, when: { equals: { at } } }]);
      } catch (error) {
        // Another digest has come meanwhile.
        if (!(error instanceof ConditionFailed)) throw error;
      }
    }
  }
}
