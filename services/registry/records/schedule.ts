import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { keys } from './keys.ts';

/**
 * Calls `start` if a scheduled run of a job is due: at most about once every `interval` milliseconds, across
 * calls, processes and restarts. On the first call ever, a run is due.
 */
export async function takeDueRun(
  { table, clock }: Pick<Registry, 'table' | 'clock'>,
  job: string,
  interval: number,
  start: () => Promise<void>,
): Promise<void> {
  const key = keys.job(`schedule-${job}`);
  const now = clock.now();
  const lastAt = (await table.get(key))?.lastAt;
  const last = typeof lastAt === 'number' ? lastAt : undefined;
  if (last !== undefined && now - last < interval) return;
  // Start before recording: a crash in between starts the job twice rather than never.
  await start();
  try {
    await table.write([{ put: { ...key, lastAt: now }, when: { equals: { lastAt: last } } }]);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}
