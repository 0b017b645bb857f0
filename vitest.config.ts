import { defineConfig } from 'vitest/config';

/** `npm test` runs everything that needs nothing but Node; the other tiers have their own projects. */
export default defineConfig({
  test: {
    include: ['test/{unit,contract,formats,fleet,stacks}/**/*.test.ts', 'test/architecture.test.ts'],
    exclude: ['**/*.aws.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  },
});
