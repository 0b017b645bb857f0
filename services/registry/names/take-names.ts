/** The first publish of a name anywhere on the instance makes the publisher's root namespace its owner. */
import type { Project } from '../../domain/accounts.ts';
import type { PackageName } from '../../domain/names.ts';
import type { Condition, Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { rootOf } from '../packages/package-writes.ts';
import { entityOf, type NameOwner } from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { ownerWrite } from './owner-write.ts';
import type { NameRules } from './owning-root.ts';
import { settleOwner } from './settle-owner.ts';

/** What a publish knows about the owners of the names it uses. */
export interface NamesToTake {
  /**
   * Returns the writes that take those names that have no owner, for the transaction of the publish. They fail
   * if another publish has taken one meanwhile. No writes if all names have owners.
   */
  writes(project: Project, now: number): Promise<Write[]>;
}

/** A name without an owner: never published, released by an administrator, or not upgraded yet. */
interface FreeName {
  readonly name: PackageName;
  readonly state: 'new' | 'released' | 'unsettled';
}

const nothingToTake: NamesToTake = { writes: async () => [] };

/** Reads which of some names have no owner: one query each, side by side. */
export async function readNamesToTake(
  registry: Registry,
  format: Omit<NameRules, 'prefixes'>,
  names: readonly PackageName[],
): Promise<NamesToTake> {
  if (format.projectOnly) return nothingToTake;
  const ownable = names.filter((name) => format.namespaceOf?.(name) === undefined);
  const free = (await Promise.all(ownable.map((name) => freeName(registry, format.id, name)))).flat();
  return {
    async writes(project, now) {
      const writes: Write[] = [];
      for (const { name, state } of free) {
        if (state === 'unsettled') await settleOwner(registry, format.id, name);
        else
          writes.push(ownerWrite({ format: format.id, name, rootId: rootOf(project) }, now, taking[state]));
      }
      return writes;
    },
  };
}

const taking: Readonly<Record<'new' | 'released', Condition>> = {
  new: { exists: false },
  released: { equals: { released: true } },
};

async function freeName({ table }: Registry, format: string, name: PackageName): Promise<FreeName[]> {
  const [first] = (await table.query({ ...ranges.ownerAndHolders(format, name), limit: 1 })).items;
  if (!first) return [{ name, state: 'new' }];
  if (first.sk !== keys.nameOwner(format, name).sk) return [{ name, state: 'unsettled' }];
  return entityOf<NameOwner>(first).released ? [{ name, state: 'released' }] : [];
}
