import type { Registry } from '../../registry/context.ts';

/**
 * Runs `work` every so many milliseconds until `signal` is aborted. A failed run is logged and retried at the next
 * one.
 */
export async function every(
  milliseconds: number,
  signal: AbortSignal,
  registry: Registry,
  work: () => Promise<unknown>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
    } catch (error) {
      registry.log.error('job failed', { error });
    }
    await pause(milliseconds, signal);
  }
}

/** Waits for so many milliseconds or until `signal` is aborted. Does not keep the process alive. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    timer.unref();
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
