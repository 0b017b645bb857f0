/** Owners of names that were published before names had owners. */
import type { PackageName } from '../../domain/names.ts';
import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { firstPublished } from '../packages/first-published.ts';
import { listHolders } from '../packages/locate-packages.ts';
import type { NameOwner } from '../records/entities.ts';
import { forEachOf } from '../records/read-many.ts';
import { ownerWrite } from './owner-write.ts';

/**
 * Makes the root namespace that holds the earliest published version of a name its owner, unless the name has an
 * owner or no project holds it. Can be repeated, and run concurrently.
 */
export async function settleOwner(registry: Registry, format: string, name: PackageName): Promise<void> {
  const holders = await listHolders(registry, { format, name });
  const times = await forEachOf(holders, async ({ projectId, rootId }) => {
    const time = holders.length === 1 ? 0 : await firstPublished(registry, { projectId, format, name });
    return [{ projectId, rootId, time }];
  });
  const [first] = times.sort((a, b) => a.time - b.time || a.projectId - b.projectId);
  if (first) await ownUnlessOwned(registry, { format, name, rootId: first.rootId });
}

/** Gives a name an owner, unless it has one. */
export async function ownUnlessOwned(
  { table, clock }: Registry,
  owner: Pick<NameOwner, 'format' | 'name' | 'rootId'>,
): Promise<void> {
  try {
    await table.write([ownerWrite(owner, clock.now(), { exists: false })]);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}
