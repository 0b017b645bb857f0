import { defineConfig } from 'vitest/config';

/**
 * `npm run test:clients` runs real package managers (`.ci/install-clients.sh`) against the registry at
 * PACKHOUSE_TEST_URL, or against one it starts, one file after the other.
 */
export default defineConfig({
  test: {
    include: ['test/clients/**/*.test.ts'],
    globalSetup: ['test/clients/start-registry.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  },
});
