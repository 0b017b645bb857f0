import type { Table } from '../../services/ports/table.ts';

/** A table that counts the items that are read from it. */
export interface CountedTable {
  readonly table: Table;
  /** The items read since this was called for the last time: of ranges those returned, of keys all. */
  take(): number;
}

/** Counts the items that are read from a table. */
export function countReads(inner: Table): CountedTable {
  let items = 0;
  return {
    table: {
      ...inner,
      async get(key) {
        items++;
        return inner.get(key);
      },
      async getMany(keys) {
        items += keys.length;
        return inner.getMany(keys);
      },
      async query(query) {
        const page = await inner.query(query);
        items += page.items.length;
        return page;
      },
    },
    take() {
      const taken = items;
      items = 0;
      return taken;
    },
  };
}
