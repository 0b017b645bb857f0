import { afterAll, beforeAll } from 'vitest';
import { type AwsResources, awsResources } from './aws-resources.ts';
import { type Ministack, startMinistack } from './ministack.ts';

/** An emulator of AWS, and the functions that make tables, buckets and queues in it. */
export interface Emulator {
  readonly endpoint: string;
  readonly resources: AwsResources;
}

/** Starts an emulator before the tests of the block this is called in, and stops it after them. */
export function useMinistack(): Emulator {
  let ministack: Ministack;
  let resources: AwsResources;
  beforeAll(async () => {
    ministack = await startMinistack();
    resources = awsResources(ministack.endpoint);
  });
  afterAll(async () => {
    resources?.close();
    await ministack?.stop();
  });
  return {
    get endpoint() {
      return ministack.endpoint;
    },
    get resources() {
      return resources;
    },
  };
}
