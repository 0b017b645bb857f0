import { defineConfig } from 'vitest/config';

/**
 * `npm run test:deep` runs what needs nothing but Node and takes its time: kills, scale, bundles and the image. Such a
 * file lies beside the quick tests of its subject and is called `*.deep.test.ts`.
 */
export default defineConfig({
  test: {
    include: ['test/**/*.deep.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  },
});
