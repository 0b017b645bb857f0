/** Returns a function that calls `run` once and always returns its result, for tests that check one run of a slow client. */
export function once<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= run();
    return running;
  };
}
