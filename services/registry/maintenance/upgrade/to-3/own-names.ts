import type { Project } from '../../../../domain/accounts.ts';
import type { FormatRules } from '../../../../domain/format-rules.ts';
import type { PackageRef, Version } from '../../../../domain/packages.ts';
import type { Registry } from '../../../context.ts';
import { ownUnlessOwned, settleOwner } from '../../../names/settle-owner.ts';
import { rootOf } from '../../../packages/package-writes.ts';
import { entityOf, maybeEntity, type NamedEntry } from '../../../records/entities.ts';
import { indexes, keys, ranges } from '../../../records/keys.ts';
import { isRemovedVersion, packageOfKey } from '../../../records/parse-keys.ts';
import { queryPages } from '../../../records/query-all.ts';

/**
 * Gives an owner to every name that was published before names had owners: the root namespace that holds the
 * earliest version of it. For names with only removed versions, those count.
 */
export async function ownNames(registry: Registry, signal: AbortSignal): Promise<boolean> {
  for (const format of await registry.formats()) {
    if (!(await ownHeldNames(registry, format, signal))) return false;
  }
  return ownRemovedNames(registry, signal);
}

type Namespaces = Pick<FormatRules, 'id' | 'namespaceOf'>;

async function ownHeldNames(
  registry: Registry,
  { id: format, namespaceOf }: Namespaces,
  signal: AbortSignal,
): Promise<boolean> {
  let last: string | undefined;
  for await (const items of queryPages(registry.table, ranges.namesIn('instance', format))) {
    for (const item of items) {
      const { name } = entityOf<NamedEntry>(item);
      if (signal.aborted) return false;
      if (name === last || namespaceOf?.(name) !== undefined) continue;
      last = name;
      await settleOwner(registry, format, name);
    }
  }
  return true;
}

async function ownRemovedNames(registry: Registry, signal: AbortSignal): Promise<boolean> {
  const formats = new Map<string, Namespaces>((await registry.formats()).map((each) => [each.id, each]));
  for (const { projectId, format, name } of await removedNames(registry)) {
    if (signal.aborted) return false;
    if (formats.get(format)?.namespaceOf?.(name) !== undefined) continue;
    const rootId = await rootOfProject(registry, projectId);
    if (rootId !== undefined) await ownUnlessOwned(registry, { format, name, rootId });
  }
  return true;
}

/** The names of removed versions, each with the project of the earliest one. */
async function removedNames({ table }: Registry): Promise<Iterable<PackageRef>> {
  const earliest = new Map<string, PackageRef & { readonly createdAt: number }>();
  for await (const items of queryPages(table, indexes.removed)) {
    for (const item of items) {
      if (!isRemovedVersion(item)) continue;
      const ref = packageOfKey(item);
      const { createdAt } = entityOf<Version>(item);
      const key = `${ref.format} ${ref.name}`;
      if (createdAt < (earliest.get(key)?.createdAt ?? Number.POSITIVE_INFINITY)) {
        earliest.set(key, { ...ref, createdAt });
      }
    }
  }
  return earliest.values();
}

async function rootOfProject({ table }: Registry, id: number): Promise<number | undefined> {
  const items = await table.getMany([keys.project(id), keys.removedProject(id)]);
  const project = maybeEntity<Project>(items.find((item) => item !== undefined));
  return project && rootOf(project);
}
