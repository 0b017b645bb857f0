import type { Registry } from '../../../context.ts';
import { defaultTagMove } from '../../../packages/default-tag.ts';
import { keys } from '../../../records/keys.ts';
import { everyProject, packagesOf } from '../../check/walk-files.ts';
import { unlessChanged } from '../unless-changed.ts';

/** Stores the default tag of each package that has none: until then, indexes show the version that is the default. */
export async function storeDefaultTags(registry: Registry, signal: AbortSignal): Promise<boolean> {
  const formats = await registry.formats();
  for await (const { id } of everyProject(registry)) {
    for await (const ref of packagesOf(registry, id)) {
      if (signal.aborted) return false;
      const byDefault = formats.find((format) => format.id === ref.format)?.defaultTag;
      if (!byDefault || (await registry.table.get(keys.tag(ref, byDefault.tag)))) continue;
      const move = await defaultTagMove(registry, ref, byDefault, { when: { exists: false } });
      if (move) await unlessChanged(() => registry.table.write(move.writes));
    }
  }
  return true;
}
