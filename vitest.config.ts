import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    // Tests make much garbage that lives briefly: with more room for it there is less to collect.
    execArgv: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=64'],
    // Threads and programs that tests start find their code here, compiled and without types, after the first start.
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') },
  },
});
