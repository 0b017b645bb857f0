/** Prefixes of names that administrators bind to root namespaces, whoever published the names first. */
import type { Group } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { PackageName } from '../../domain/names.ts';
import type { Registry } from '../context.ts';
import { type BoundPrefix, entityOf, itemOf } from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';
import { readItem } from '../records/read-items.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { nameEvent, rootById } from './name-event.ts';

/** A prefix of names, in the spelling of stored names. */
export interface NamePrefix {
  readonly format: string;
  readonly prefix: PackageName;
  readonly actor: Actor;
}

/** The bound prefixes of a format, in order. */
export async function listPrefixes(
  { table }: Pick<Registry, 'table'>,
  format: string,
): Promise<BoundPrefix[]> {
  return (await queryAll(table, ranges.boundPrefixes(format))).map((item) => entityOf<BoundPrefix>(item));
}

/** Binds a prefix to a root namespace, instead of the one it is bound to now. */
export async function bindPrefix(registry: Registry, input: NamePrefix, root: Group): Promise<BoundPrefix> {
  const { format, prefix, actor } = input;
  const key = keys.boundPrefix(format, prefix);
  return retryChanged(async () => {
    const before = await readItem<BoundPrefix>(registry.table, key);
    const now = registry.clock.now();
    const bound: BoundPrefix = { format, prefix, rootId: root.id, createdAt: now };
    await registry.table.write([
      { put: itemOf(key, bound), when: before ? { equals: { rootId: before.rootId } } : { exists: false } },
      nameEvent(now, {
        ...{ type: 'prefix_bound', actor, format, name: prefix, root },
        details: { before: before?.rootId ?? null, after: root.id },
      }),
    ]);
    return bound;
  });
}

/**
 * Unbinds a prefix: the names below it belong to their owners again.
 * @throws RegistryError `nameNotFound` if it is not bound
 */
export async function unbindPrefix(registry: Registry, input: NamePrefix): Promise<void> {
  const { format, prefix, actor } = input;
  const key = keys.boundPrefix(format, prefix);
  await retryChanged(async () => {
    const before = await readItem<BoundPrefix>(registry.table, key);
    if (!before) throw new RegistryError('nameNotFound');
    const { rootId } = before;
    await registry.table.write([
      { delete: key, when: { equals: { rootId } } },
      nameEvent(registry.clock.now(), {
        ...{ type: 'prefix_unbound', actor, format, name: prefix },
        root: await rootById(registry, rootId),
        details: { before: rootId },
      }),
    ]);
  });
}
