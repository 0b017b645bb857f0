import { ConditionFailed } from '../../../ports/table.ts';
import type { Registry } from '../../context.ts';
import { keys } from '../../records/keys.ts';

/** The layout of records that this code writes. It grows by one with each change that older records must follow. */
export const SCHEMA = 2;

/** The layout of records before their schema was written down. */
const FIRST = 1;

/** Thrown for records that a newer registry has written, which this one could read wrongly. */
export class NewerSchema extends Error {
  override readonly name = 'NewerSchema';
  readonly code = 'NEWER_SCHEMA';
  constructor(found: number) {
    super(
      `The records were written by a newer Packhouse (schema ${found}); this one knows schemas up to ${SCHEMA}. ` +
        'Start that one, or restore a backup from before the upgrade.',
    );
  }
}

/**
 * Reads the schema of the records. An empty table gets the current one.
 * @throws NewerSchema
 */
export async function readSchema({ table }: Pick<Registry, 'table'>): Promise<number> {
  const [stored, users] = await table.getMany([keys.schema(), keys.counter('user')]);
  const schema = stored ? Number(stored.schema) : users ? FIRST : undefined;
  if (schema === undefined)
    return (await moveSchema({ table }, undefined, SCHEMA)) ? SCHEMA : readSchema({ table });
  if (schema > SCHEMA) throw new NewerSchema(schema);
  return schema;
}

/** Writes the schema down when it is still what it was; answers whether it was. */
export async function moveSchema(
  { table }: Pick<Registry, 'table'>,
  from: number | undefined,
  to: number,
): Promise<boolean> {
  try {
    await table.write([{ put: { ...keys.schema(), schema: to }, when: { equals: { schema: from } } }]);
    return true;
  } catch (error) {
    if (error instanceof ConditionFailed) return false;
    throw error;
  }
}
