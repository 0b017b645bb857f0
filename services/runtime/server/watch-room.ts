import type { Registry } from '../../registry/context.ts';

/** Logs when the stores have run out of room for additions, from the start on, and when they have room again. */
export function watchRoom({ room, log }: Pick<Registry, 'room' | 'log'>): { stop(): void } {
  function report(): void {
    if (room.isShort) log.error('storage full', { accepts: 'reads and removals' });
    else log.info('storage has room again');
  }
  if (room.isShort) report();
  const unwatch = room.watch?.(report);
  return { stop: () => unwatch?.() };
}
