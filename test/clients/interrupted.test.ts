import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { failuresIn, type ServedRegistry, serveRegistry } from '../kit/serve-registry.ts';
import { describeInterrupted } from './interrupted.ts';

describe('on one machine', () => {
  let served: ServedRegistry;
  beforeAll(async () => {
    served = await serveRegistry();
  });
  afterAll(async () => {
    const failures = await failuresIn(served.log);
    await served.stop();
    expect(failures).toEqual([]);
  });

  describeInterrupted(() => ({
    ...served,
    uploads: async () => (await readdir(join(served.data, 'uploads'))).length,
    async stored() {
      const entries = await readdir(join(served.data, 'blobs'), { recursive: true, withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).length;
    },
  }));
});
