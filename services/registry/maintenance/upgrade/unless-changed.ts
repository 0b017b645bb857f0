import { ConditionFailed } from '../../../ports/table.ts';

/** Makes a change. It is no error when its condition fails: someone else has upgraded, changed or removed the record. */
export async function unlessChanged(change: () => Promise<unknown>): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}
