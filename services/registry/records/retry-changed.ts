import { RegistryError } from '../../domain/errors.ts';
import { ConditionFailed } from '../../ports/table.ts';
import { withRetries } from '../../shared/retry.ts';

/** The limits of `retryChanged`: all pauses add up to about two seconds. */
const limits = { attempts: 20, firstPause: 2, longestPause: 250 };

/**
 * Retries a read-then-write while the data it read is changed concurrently.
 * @throws RegistryError `contended` if others keep changing the data.
 */
export async function retryChanged<T>(attempt: () => Promise<T>, options = limits): Promise<T> {
  try {
    return await withRetries(attempt, { ...options, shouldRetry: isChanged });
  } catch (error) {
    throw isChanged(error) ? new RegistryError('contended', undefined, { cause: error }) : error;
  }
}

function isChanged(error: unknown): boolean {
  return error instanceof ConditionFailed;
}
