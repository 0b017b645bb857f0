import { ConditionFailed, TableBusy, type Write } from '../../ports/table.ts';
import { isBusy } from './database-busy.ts';
import { diskFull, isDatabaseFull } from './disk-full.ts';
import type { ItemTable } from './item-rows.ts';

/** Changes to items, all or none. Results in the item of the first operation after the change. */
export interface WriteJob {
  readonly table: ItemTable;
  readonly operations: readonly Write[];
}

/** Statements, all or none. Results in the rows of the last one. */
export interface SqlJob {
  readonly statements: readonly { readonly sql: string; readonly values: readonly (string | number)[] }[];
}

/** A job for the commit worker. */
export type CommitJob = WriteJob | SqlJob;

/** A job as it is sent to the worker. */
export interface PostedJob {
  readonly id: number;
  readonly job: CommitJob;
}

/** The outcome of a job: its result or its failure. */
export interface JobOutcome {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: Failure;
}

/** What the worker says besides the outcomes of jobs: that it has opened the database, or has released the reserve. */
export type WorkerNotice = 'ready' | 'reserve released';

/** An error that can be sent between threads. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly operation?: number;
  readonly diskFull?: boolean;
  readonly busy?: boolean;
}

/** Converts an error so that it can be sent between threads. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message } = error;
  if (error instanceof ConditionFailed) return { name, message, operation: error.operation };
  return {
    name,
    message,
    diskFull: isDatabaseFull(error),
    busy: error instanceof TableBusy || isBusy(error),
  };
}

/** Converts a failure back to an error. */
export function errorOf(failure: Failure): Error {
  if (failure.operation !== undefined) return new ConditionFailed(failure.operation);
  if (failure.diskFull) return diskFull(new Error(failure.message));
  if (failure.busy) return new TableBusy(new Error(failure.message));
  if (failure.name === 'TypeError') return new TypeError(failure.message);
  if (failure.name === 'RangeError') return new RangeError(failure.message);
  return new Error(`the database failed: ${failure.message}`);
}
