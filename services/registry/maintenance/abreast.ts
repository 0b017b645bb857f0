/**
 * Does the work for each, at most `limit` at a time. After a failure no more is begun; once what was under way has come
 * to its end, the first failure is thrown.
 */
export async function abreast<T>(
  all: Iterable<T>,
  limit: number,
  work: (each: T) => Promise<void>,
): Promise<void> {
  const rest = all[Symbol.iterator]();
  const failures: unknown[] = [];

  async function worker(): Promise<void> {
    while (failures.length === 0) {
      const next = rest.next();
      if (next.done) return;
      await work(next.value).catch((error: unknown) => failures.push(error));
    }
  }

  await Promise.all(Array.from({ length: limit }, worker));
  if (failures.length > 0) throw failures[0];
}
