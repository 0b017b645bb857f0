import type { Table, Write } from '../../services/ports/table.ts';
import { keyOf } from '../../services/ports/table-rules.ts';
import { partitions, startsAs } from '../../services/registry/records/partitions.ts';

/**
 * A table as a function that serves formats may use it on AWS: writes outside of the partitions of packages are
 * refused, and so is a transaction that only checks an item elsewhere.
 */
export function packageWriter(table: Table): Table {
  function refuseOthers(operations: readonly Write[]): void {
    for (const operation of operations) {
      const { pk } = keyOf(operation);
      if (startsAs(pk, partitions.packages)) continue;
      throw Object.assign(new Error(`not authorized to write ${pk}`), { name: 'AccessDeniedException' });
    }
  }
  return {
    ...table,
    async write(operations) {
      refuseOthers(operations);
      await table.write(operations);
    },
    async update(key, changes, when) {
      refuseOthers([{ update: key }]);
      return table.update(key, changes, when);
    },
  };
}
