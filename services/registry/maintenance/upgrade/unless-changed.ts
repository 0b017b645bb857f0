import { ConditionFailed } from '../../../ports/table.ts';

/** Makes a change. Ignores a failed condition: another process has upgraded, changed or removed the record. */
export async function unlessChanged(change: () => Promise<unknown>): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}
