import { RegistryError } from '../../domain/errors.ts';
import { ConditionFailed } from '../../ports/table.ts';
import { withRetries } from '../../shared/retry.ts';

/** The limits of `retryChanged`: all pauses together take about two seconds. */
const limits = { attempts: 20, firstPause: 2, longestPause: 250 };

/**
 * Repeats a read-then-write until nobody has changed in between what it read.
 * @throws RegistryError `contended` when others keep changing it.
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
