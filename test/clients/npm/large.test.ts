import { afterAll, beforeAll, expect, test } from 'vitest';
import { peakMemory } from '../../kit/peak-memory.ts';
import { failuresIn, type ServedRegistry, serveRegistry } from '../../kit/serve-registry.ts';
import { describeTool } from '../client.ts';
import { runLargePackage } from './large-package.ts';
import { npm10, npm11, npm12 } from './tools/npm.ts';

/** What the server may have in memory at its highest, in MiB. */
const MOST_MEMORY = 250;

let served: ServedRegistry;
beforeAll(async () => {
  served = await serveRegistry();
});
afterAll(async () => {
  const failures = await failuresIn(served.log);
  await served.stop();
  expect(failures).toEqual([]);
});

for (const client of [npm12, npm11, npm10]) {
  describeTool(client.tool, () => {
    test('publishes and installs 60 MB, which the server never has in memory', async () => {
      await runLargePackage(client, served);
      expect(peakMemory(served.pid)).toBeLessThan(MOST_MEMORY);
    });
  });
}
