import type { Item, Write } from '../../../../ports/table.ts';
import type { Registry } from '../../../context.ts';
import { namesOwnersOf } from '../../../packages/package-writes.ts';
import { entityOf, type NamedEntry } from '../../../records/entities.ts';
import { keys, ranges } from '../../../records/keys.ts';
import { queryPages } from '../../../records/query-all.ts';
import { refreshSearchWords } from '../../../search/refresh-search-words.ts';
import { nameWords } from '../../../search/search-words.ts';

/** Moves search words to keys that have the format and the name, so that words need no attributes. */
export async function shortenSearchWords(registry: Registry, signal: AbortSignal): Promise<boolean> {
  for await (const items of queryPages(registry.table, ranges.formerWords('instance', ''))) {
    const entries = new Map(items.map((item) => [nameIn(item), entityOf<NamedEntry>(item)]));
    for (const { projectId, format, name, rootId } of entries.values()) {
      if (signal.aborted) return false;
      const ref = { projectId, format, name };
      await refreshSearchWords(registry, ref, rootId);
      const words = new Set([name.toLowerCase().slice(0, 200), ...nameWords(name)]);
      await registry.table.write(
        namesOwnersOf(ref, rootId).flatMap((owner) =>
          [...words].map((word): Write => ({ delete: keys.formerWord(owner, word, ref) })),
        ),
      );
    }
  }
  return true;
}

/** The part of a word's key that names the package. */
function nameIn({ sk }: Item): string {
  return sk.slice(sk.indexOf('#'));
}
