import { setTimeout as delay } from 'node:timers/promises';
import { RegistryError } from '../../domain/errors.ts';
import { ConditionFailed } from '../../ports/table.ts';

/** How often a verb starts over because others changed what it had read. */
const MAX_TRIES = 20;

/** The longest pause between two tries, in milliseconds: all of them together take some two seconds. */
const MAX_PAUSE = 250;

/**
 * Runs a read-then-write again until its conditions hold; gives up when others keep getting in between.
 * @throws RegistryError `contended` when it gives up.
 */
export async function retryChanged<T>(attempt: () => Promise<T>, pause = backOff): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      if (tries >= MAX_TRIES) throw new RegistryError('contended', undefined, { cause: error });
    }
    await pause(tries);
  }
}

/** Waits up to twice as long as before, and never as long as another: those that met once would meet again. */
async function backOff(tries: number): Promise<void> {
  await delay(Math.random() * Math.min(2 ** tries, MAX_PAUSE));
}
