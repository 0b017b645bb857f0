import { defineConfig } from 'vitest/config';

/**
 * `npm run test:large` moves gigabytes through servers of their own and kills them, one file after the other. Needs curl
 * and a Linux; with the emulator (`.ci/install-ministack.sh`) a server on DynamoDB and S3 too.
 *
 * PACKHOUSE_TEST_GIB sets the size of the large file, and `--reporter=verbose` shows what memory the servers took.
 */
export default defineConfig({
  test: {
    include: ['test/large/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 180_000,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    // The emulator takes any credentials, but presigned links are checked against these.
    env: {
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    },
  },
});
