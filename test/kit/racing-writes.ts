import type { Table, Write } from '../../services/ports/table.ts';
import type { Registry } from '../../services/registry/context.ts';

/** Selects a write to the table by the items in its transaction. */
export type WritesMatch = (writes: readonly Write[]) => boolean;

/** Selects writes that delete the item with a sort key. */
export const deletes =
  (sk: string): WritesMatch =>
  (writes) =>
    writes.some((write) => 'delete' in write && write.delete.sk === sk);

/** Selects writes that put an item with a sort key. */
export const puts =
  (sk: string): WritesMatch =>
  (writes) =>
    writes.some((write) => 'put' in write && write.put.sk === sk);

/** Runs `other` once, right before the first matching write reaches the table. */
export function runBeforeWrite(table: Table, matches: WritesMatch, other: () => Promise<unknown>): void {
  const write = table.write.bind(table);
  table.write = async (writes) => {
    if (matches(writes)) {
      table.write = write;
      await other();
    }
    return write(writes);
  };
}

/** A registry whose process is killed after a number of writes: all later ones fail with `killed`. */
export function diesAfter(registry: Registry, count: number): Registry {
  const { table } = registry;
  let written = 0;
  return {
    ...registry,
    table: {
      ...table,
      async write(writes) {
        if (written++ >= count) throw new Error('killed');
        await table.write(writes);
      },
    },
  };
}
