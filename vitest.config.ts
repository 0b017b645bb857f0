import { defineConfig } from 'vitest/config';

/** `npm test` runs everything that is quick and needs nothing but Node; the other tiers have configurations of their own. */
export default defineConfig({
  test: {
    include: ['test/{unit,contract,formats,fleet,stacks}/**/*.test.ts', 'test/*.test.ts'],
    exclude: ['**/*.{aws,deep}.test.ts'],
    // Files share their process and its modules: to start and load afresh for each takes longer than most of them.
    isolate: false,
    unstubEnvs: true,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  },
});
