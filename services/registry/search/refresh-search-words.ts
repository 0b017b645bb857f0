import type { PackageRef } from '../../domain/packages.ts';
import type { Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { namesOwnersOf } from '../packages/package-writes.ts';
import { maybeEntity, type StoredHead } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { nameWords } from './search-words.ts';

/**
 * Writes or deletes the search words of a package's name, depending on its current state, since the caller may
 * act on an old event. The transaction fails if the package has become live, or stopped being live, since it was
 * read, so a late call can't make a deleted name findable. `rootId` is the root namespace of the project.
 */
export async function refreshSearchWords(registry: Registry, ref: PackageRef, rootId: number): Promise<void> {
  const words = nameWords(ref.name);
  const inProject = keys.nameIn({ kind: 'project', id: ref.projectId }, ref);
  await retryChanged(async () => {
    const [headItem, nameItem] = await registry.table.getMany([keys.head(ref), inProject]);
    const live = maybeEntity<StoredHead>(headItem)?.live === true;
    await registry.table.write([
      { check: keys.head(ref), when: { equals: { live: live ? true : undefined } } },
      ...namesOwnersOf(ref, rootId).flatMap((owner) =>
        words.map((word): Write => {
          const key = keys.word(owner, word, ref);
          return live && nameItem ? { put: { ...key } } : { delete: key };
        }),
      ),
    ]);
  });
}
