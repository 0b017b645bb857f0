import { defineConfig } from 'vitest/config';

/** `npm run test:aws` runs what needs the AWS emulator (`.ci/install-ministack.sh`), one file after the other. */
export default defineConfig({
  test: {
    include: ['test/**/*.aws.test.ts'],
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 600_000,
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
