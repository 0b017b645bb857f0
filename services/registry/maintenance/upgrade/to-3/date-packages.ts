import type { Registry } from '../../../context.ts';
import { firstPublished } from '../../../packages/first-published.ts';
import { keys } from '../../../records/keys.ts';
import { everyProject, packagesOf } from '../../check/walk-files.ts';
import { unlessChanged } from '../unless-changed.ts';

/** Stores since when a project has held each of its packages: since the publish of the earliest version it has. */
export async function datePackages(registry: Registry, signal: AbortSignal): Promise<boolean> {
  for await (const { id } of everyProject(registry)) {
    for await (const ref of packagesOf(registry, id)) {
      if (signal.aborted) return false;
      const heldSince = await firstPublished(registry, ref);
      if (!Number.isFinite(heldSince)) continue;
      const when = { exists: true, equals: { heldSince: undefined } };
      await unlessChanged(() => registry.table.update(keys.head(ref), { set: { heldSince } }, when));
    }
  }
  return true;
}
