import { setTimeout as delay } from 'node:timers/promises';

/** How long a search may lag behind a publish, and how often it is asked meanwhile, in milliseconds. */
const PATIENCE = 30_000;
const PAUSE = 100;

/** Waits until the answer of a search names a package: the registry makes names findable a moment after the publish. */
export async function untilFound(search: string, secret: string, name: string): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const answer = await fetch(search, { headers: { authorization: `Bearer ${secret}` } });
    const said = await answer.text();
    if (said.includes(name)) return;
    if (performance.now() > deadline) throw new Error(`${name} is not found: ${answer.status} ${said}`);
    await delay(PAUSE);
  }
}
