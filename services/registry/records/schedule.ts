import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { keys } from './keys.ts';

/**
 * Calls `start` when a scheduled run of a job is due, at most about once in `interval` milliseconds, however often this
 * is called, by however many processes, and across restarts. The first call finds a run due.
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
  // Started first: a process that ends in between starts it twice, not never.
  await start();
  try {
    await table.write([{ put: { ...key, lastAt: now }, when: { equals: { lastAt: last } } }]);
  } catch (error) {
    if (!(error instanceof ConditionFailed)) throw error;
  }
}
