import type { Meter } from '../../ports/meter.ts';
import { ConditionFailed, type Table } from '../../ports/table.ts';

/** Counts the calls of a table that fail, other than by their condition. Callers wait no longer for it. */
export function meteredTable(table: Table, meter: Meter): Table {
  function watched<T>(method: string, result: Promise<T>): Promise<T> {
    result.catch((error: unknown) => {
      if (!(error instanceof ConditionFailed)) meter.tableFailed(method);
    });
    return result;
  }
  return {
    get: (key) => watched('get', table.get(key)),
    getMany: (keys) => watched('getMany', table.getMany(keys)),
    query: (query) => watched('query', table.query(query)),
    write: (operations) => watched('write', table.write(operations)),
    update: (key, changes, when) => watched('update', table.update(key, changes, when)),
  };
}
