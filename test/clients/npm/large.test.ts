import { afterAll, beforeAll, expect, test } from 'vitest';
import { peakMemory } from '../../kit/peak-memory.ts';
import { failuresIn, type ServedRegistry, serveRegistry } from '../../kit/serve-registry.ts';
import { describeTool } from '../client.ts';
import { runLargePackage } from './large-package.ts';
import { npm12 } from './tools/npm.ts';

/** The most memory that the server may use, in MiB. */
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

describeTool(npm12.tool, () => {
  test('publishes and installs 60 MB while the memory of the server stays below its limit', async () => {
    await runLargePackage(npm12, served);
    expect(peakMemory(served.pid)).toBeLessThan(MOST_MEMORY);
  });
});
