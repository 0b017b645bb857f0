import { setTimeout as delay } from 'node:timers/promises';

/** How long a search may lag behind a publish, and the pause between two requests, in milliseconds. */
const TIMEOUT = 30_000;
const PAUSE = 100;

/** Waits until a search finds a package, which it does only a moment after the publish. */
export async function untilFound(search: string, secret: string, name: string): Promise<void> {
  const deadline = performance.now() + TIMEOUT;
  for (;;) {
    const answer = await fetch(search, { headers: { authorization: `Bearer ${secret}` } });
    const text = await answer.text();
    if (text.includes(name)) return;
    if (performance.now() > deadline) throw new Error(`${name} is not found: ${answer.status} ${text}`);
    await delay(PAUSE);
  }
}
