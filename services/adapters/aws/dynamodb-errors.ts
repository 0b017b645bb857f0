import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { StoreUnavailable } from '../../ports/store-unavailable.ts';
import { ConditionFailed, TableBusy } from '../../ports/table.ts';
import { withRetries } from '../../shared/retry.ts';

/** Names of errors and cancellation reasons that mean contention or throttling. */
const TRANSIENT = new Set([
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
 * Retries a request for `retryFor` milliseconds while it is throttled or in contention.
 * @throws StoreUnavailable when that lasts longer
 */
export async function retryTransient<T>(retryFor: number, attempt: () => Promise<T>): Promise<T> {
  try {
    return await withRetries(attempt, {
      shouldRetry: isTransient,
      retryFor,
      firstPause: 20,
      longestPause: 1_000,
    });
  } catch (error) {
    throw isTransient(error) ? busyError(error) : error;
  }
}

function isTransient(error: unknown): boolean {
  if (error instanceof TableBusy) return true;
  if (error instanceof TransactionCanceledException) return TRANSIENT.has(firstReason(error)?.Code ?? '');
  return error instanceof Error && TRANSIENT.has(error.name);
}

function busyError(error: unknown): StoreUnavailable {
  if (error instanceof TableBusy) return error;
  // The first attempt, whose response was lost, may still succeed.
  const inProgress = error instanceof Error && error.name === 'TransactionInProgressException';
  if (!inProgress) return new TableBusy(error);
  return new StoreUnavailable('the transaction did not complete', { cause: error, mayBeWritten: true });
}

/** Maps a failed condition to the port's error; returns any other error unchanged. */
export function toPortError(error: unknown): unknown {
  if (error instanceof ConditionalCheckFailedException) return new ConditionFailed(0);
  if (!(error instanceof TransactionCanceledException)) return error;
  const reason = firstReason(error);
  if (reason?.Code === 'ConditionalCheckFailed') return new ConditionFailed(reason.operation);
  const detail = `operation ${reason?.operation}: ${reason?.Code} ${reason?.Message ?? ''}`;
  return new Error(`the transaction was rejected: ${detail}`, { cause: error });
}

/**
 * The first operation that was not fine. It alone decides the outcome: a failed condition after an operation in
 * conflict may not be the first failed condition.
 */
function firstReason(error: TransactionCanceledException) {
  const reasons = error.CancellationReasons ?? [];
  const operation = reasons.findIndex(({ Code }) => Code !== undefined && Code !== 'None');
  return operation < 0 ? undefined : { ...reasons[operation], operation };
}
