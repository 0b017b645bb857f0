import type { Table, Write } from '../../services/ports/table.ts';
import { keyOf } from '../../services/ports/table-rules.ts';
import { accountAttributes, partitions, startsAs } from '../../services/registry/records/partitions.ts';

/**
 * A table as a function that serves formats may use it on AWS: writes outside of the partitions of packages are
 * refused, and so is a transaction that only checks an item elsewhere. So are writes of attributes of accounts, also in
 * conditions.
 */
export function packageWriter(table: Table): Table {
  function refuseOthers(operations: readonly Write[]): void {
    for (const operation of operations) {
      const { pk } = keyOf(operation);
      const guarded = attributesOf(operation).filter((name) =>
        accountAttributes.some((each) => each === name),
      );
      if (startsAs(pk, partitions.packages) && guarded.length === 0) continue;
      throw Object.assign(new Error(`not authorized to write ${pk} ${guarded}`), {
        name: 'AccessDeniedException',
      });
    }
  }
  return {
    ...table,
    async write(operations) {
      refuseOthers(operations);
      await table.write(operations);
    },
    async update(key, changes, when) {
      refuseOthers([{ update: key, ...changes, ...(when && { when }) }]);
      return table.update(key, changes, when);
    },
  };
}

/** The attributes that an operation names. */
function attributesOf(operation: Write): string[] {
  const named =
    'put' in operation ? operation.put : 'update' in operation ? { ...operation.set, ...operation.add } : {};
  return [...Object.keys(named), ...Object.keys(operation.when?.equals ?? {})];
}
