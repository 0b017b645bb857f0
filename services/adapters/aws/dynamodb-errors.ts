import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { StoreUnavailable } from '../../ports/store-unavailable.ts';
import { ConditionFailed, TableBusy } from '../../ports/table.ts';
import { withRetries } from '../../shared/retry.ts';

/** Names of errors, and reasons of a cancelled transaction, that stand for contention or throttling. */
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

/**
 * Repeats a request while contention or throttling refuse it, for `patience` milliseconds.
 * @throws StoreUnavailable when they last longer
 */
export async function retryPassing<T>(patience: number, attempt: () => Promise<T>): Promise<T> {
  try {
    return await withRetries(attempt, {
      shouldRetry: isPassing,
      patience,
      firstPause: 20,
      longestPause: 1_000,
    });
  } catch (error) {
    throw isPassing(error) ? busyError(error) : error;
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof TableBusy) return true;
  if (error instanceof TransactionCanceledException) return PASSING.has(firstReason(error)?.Code ?? '');
  return error instanceof Error && PASSING.has(error.name);
}

function busyError(error: unknown): StoreUnavailable {
  if (error instanceof TableBusy) return error;
  // The first attempt, whose answer was lost, may still succeed.
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
