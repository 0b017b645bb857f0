import { ConditionFailed, type Write } from '../../ports/table.ts';
import { diskFull } from './disk-full.ts';
import type { ItemTable } from './item-rows.ts';

/** Changes of items, all or none; answers the item of the first operation as it then stands. */
export interface WriteJob {
  readonly table: ItemTable;
  readonly operations: readonly Write[];
}

/** Statements, all or none; answers the rows of the last one. */
export interface SqlJob {
  readonly statements: readonly { readonly sql: string; readonly values: readonly (string | number)[] }[];
}

/** What the commit worker is asked to make durable. */
export type CommitJob = WriteJob | SqlJob;

/** A job on its way to the worker. */
export interface PostedJob {
  readonly id: number;
  readonly job: CommitJob;
}

/** What became of a job: its answer, or why it was not done. */
export interface JobOutcome {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: Failure;
}

/** An error in a form that passes between threads. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly operation?: number;
  readonly diskFull?: boolean;
}

const SQLITE_FULL = 13;

/** The form of an error that passes between threads. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message } = error;
  if (error instanceof ConditionFailed) return { name, message, operation: error.operation };
  return { name, message, diskFull: 'errcode' in error && error.errcode === SQLITE_FULL };
}

/** The error that a failure stands for. */
export function errorOf(failure: Failure): Error {
  if (failure.operation !== undefined) return new ConditionFailed(failure.operation);
  if (failure.diskFull) return diskFull(new Error(failure.message));
  if (failure.name === 'TypeError') return new TypeError(failure.message);
  if (failure.name === 'RangeError') return new RangeError(failure.message);
  return new Error(`the database failed: ${failure.message}`);
}
