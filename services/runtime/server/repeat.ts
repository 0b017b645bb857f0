import type { Registry } from '../../registry/context.ts';

/** Runs `work` now and again until `signal`; a run that fails is logged and made up for by the next. */
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

/** Waits, but no longer than until `signal`. Keeps no process alive. */
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
