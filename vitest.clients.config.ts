import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * `npm run test:clients` runs real package managers (`.ci/install-clients.sh`) against the registry at
 * PACKHOUSE_TEST_URL, or against one it starts for all files. Each user of a client has a home, caches and packages of its
 * own, so files run side by side: one more than there are cores, since clients wait for answers and disks as well.
 */
export default defineConfig({
  test: {
    include: ['test/clients/**/*.test.ts'],
    globalSetup: ['test/clients/start-registry.ts'],
    maxWorkers: Math.min(availableParallelism() + 1, 8),
    testTimeout: 300_000,
    hookTimeout: 300_000,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  },
});
