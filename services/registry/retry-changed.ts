import { RegistryError } from '../domain/errors.ts';
import { ConditionFailed } from '../ports/table.ts';

/** How often a verb starts over because others changed what it had read. */
const MAX_TRIES = 20;

/** Runs a read-then-write again until its conditions hold; gives up when others keep getting in between. */
export async function retryChanged<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
      if (tries >= MAX_TRIES) throw new RegistryError('storageUnavailable', undefined, { cause: error });
    }
  }
}
