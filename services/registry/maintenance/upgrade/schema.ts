import { ConditionFailed } from '../../../ports/table.ts';
import type { Registry } from '../../context.ts';
import { keys } from '../../records/keys.ts';

/** The schema of the records that this code writes. Each change that needs an upgrade of records increments it. */
export const SCHEMA = 7;

/** The schema of records without a stored schema. */
const FIRST = 1;

/** Thrown if a newer Packhouse has written the records, since this one could misread them. */
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

/** Stores a new schema if the stored one is still `from`; returns whether it was. */
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
