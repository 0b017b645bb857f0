/**
 * Returns a function that calls `read` once and then returns the same promise. If `read` fails, the next call tries
 * again.
 */
export function remember<T>(read: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined;
  return () => {
    value ??= read().catch((error: unknown) => {
      value = undefined;
      throw error;
    });
    return value;
  };
}
