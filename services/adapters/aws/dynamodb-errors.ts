import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { StoreUnavailable } from '../../ports/store-unavailable.ts';
import { ConditionFailed, TableBusy } from '../../ports/table.ts';

/** Errors of a single request, and reasons of a cancelled transaction, that pass by themselves. */
const PASSING = new Set([
  'TransactionConflictException',
  'TransactionInProgressException',
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'TransactionConflict',
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
]);

/** Whether the request was refused for a reason that passes: contention or throttling. */
export function isPassing(error: unknown): boolean {
  if (error instanceof TransactionCanceledException) return PASSING.has(firstReason(error)?.Code ?? '');
  return error instanceof Error && PASSING.has(error.name);
}

/** The port's error for a refusal that passes, but lasted too long. */
export function busyError(error: unknown): StoreUnavailable {
  // Of a repeat: the first attempt, whose answer was lost, may still come to its end.
  const inProgress = error instanceof Error && error.name === 'TransactionInProgressException';
  if (!inProgress) return new TableBusy(error);
  return new StoreUnavailable('the transaction did not end', { cause: error, mayBeWritten: true });
}

/** The port's error for a condition that does not hold; any other error as it is. */
export function toPortError(error: unknown): unknown {
  if (error instanceof ConditionalCheckFailedException) return new ConditionFailed(0);
  if (!(error instanceof TransactionCanceledException)) return error;
  const reason = firstReason(error);
  if (reason?.Code === 'ConditionalCheckFailed') return new ConditionFailed(reason.operation);
  const detail = `operation ${reason?.operation}: ${reason?.Code} ${reason?.Message ?? ''}`;
  return new Error(`the transaction was refused: ${detail}`, { cause: error });
}

/**
 * The first operation that was not fine. It alone decides what happens: a failed condition behind an operation that
 * collided may not be the first that failed.
 */
function firstReason(error: TransactionCanceledException) {
  const reasons = error.CancellationReasons ?? [];
  const operation = reasons.findIndex(({ Code }) => Code !== undefined && Code !== 'None');
  return operation < 0 ? undefined : { ...reasons[operation], operation };
}
