/** What administrators do with the owners of names: list, move and release. */
import type { Group } from '../../domain/accounts.ts';
import { badRequest, RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { PackageName } from '../../domain/names.ts';
import type { Condition } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { type BoundPrefix, entityOf, type NameOwner } from '../records/entities.ts';
import { indexes, keys } from '../records/keys.ts';
import { readItem, readItems } from '../records/read-items.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { nameEvent, rootById } from './name-event.ts';
import { ownerWrite } from './owner-write.ts';
import type { NameRules } from './owning-root.ts';
import { prefixesOf } from './prefixes-of.ts';

/** Which names of a format to list: names with this prefix, after this name. */
export interface OwnerList {
  readonly format: string;
  readonly start: PackageName | undefined;
  readonly after: PackageName | undefined;
  readonly limit: number;
}

/** Lists names that have an owner or have been released, in order. A change just made may be missing briefly. */
export async function listOwners(
  { table }: Pick<Registry, 'table'>,
  { format, start, after, limit }: OwnerList,
): Promise<NameOwner[]> {
  const range = {
    ...indexes.ownedNames(format),
    ...(start === undefined ? {} : { prefix: start }),
    ...(after === undefined ? {} : { after }),
  };
  return (await table.query({ ...range, limit })).items.map((item) => entityOf<NameOwner>(item));
}

/** A name of a format, as it is stored. */
export interface OwnedName {
  readonly format: NameRules;
  readonly name: PackageName;
  readonly actor: Actor;
}

/**
 * Makes a root namespace the owner of a name, whether or not the name has one or has been published.
 * @throws RegistryError `invalidRequest` if the name has a namespace of its own
 * @throws RegistryError `conflict` if the name is below a bound prefix
 */
export async function moveName(registry: Registry, input: OwnedName, root: Group): Promise<NameOwner> {
  const { format, name, actor } = input;
  if (format.namespaceOf?.(name) !== undefined) {
    throw badRequest(`${name} belongs to the namespace in its name: bind the prefix of that instead`);
  }
  await refuseBound(registry, input);
  return retryChanged(async () => {
    const before = await findOwner(registry, input);
    const now = registry.clock.now();
    const owner = { format: format.id, name, rootId: root.id };
    await registry.table.write([
      ownerWrite(owner, now, unchanged(before)),
      nameEvent(now, {
        ...{ type: 'name_moved', actor, format: format.id, name, root },
        details: { before: before?.rootId ?? null, after: root.id },
      }),
    ]);
    return { ...owner, changedAt: now };
  });
}

/**
 * Takes a name from its owner: nothing is served under it at instance level until it is published again, which makes
 * the publisher's root namespace its owner.
 * @throws RegistryError `nameNotFound` if the name has no owner
 */
export async function releaseName(registry: Registry, input: OwnedName): Promise<void> {
  const { format, name, actor } = input;
  await retryChanged(async () => {
    const before = await findOwner(registry, input);
    if (before?.rootId === undefined) throw new RegistryError('nameNotFound');
    const now = registry.clock.now();
    await registry.table.write([
      ownerWrite({ format: format.id, name, released: true }, now, unchanged(before)),
      nameEvent(now, {
        ...{ type: 'name_released', actor, format: format.id, name },
        root: await rootById(registry, before.rootId),
        details: { before: before.rootId },
      }),
    ]);
  });
}

function findOwner({ table }: Registry, { format, name }: OwnedName): Promise<NameOwner | undefined> {
  return readItem<NameOwner>(table, keys.nameOwner(format.id, name));
}

function unchanged(before: NameOwner | undefined): Condition {
  if (!before) return { exists: false };
  return { equals: { rootId: before.rootId, released: before.released, changedAt: before.changedAt } };
}

async function refuseBound({ table }: Registry, { format, name }: OwnedName): Promise<void> {
  const bound = prefixesOf(format, name).map((prefix) => keys.boundPrefix(format.id, prefix));
  const items = await readItems(table, bound);
  const binding = bound.map((key) => items.get<BoundPrefix>(key)).find((each) => each !== undefined);
  if (!binding) return;
  throw new RegistryError(
    'conflict',
    `The prefix ${binding.prefix} is bound: bind it elsewhere, or unbind it first`,
  );
}
