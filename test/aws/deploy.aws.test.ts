import { afterAll, beforeAll, describe } from 'vitest';
import { type Deployment, deployToMinistack } from '../kit/deploy.ts';
import { ministackMissing } from '../kit/ministack.ts';
import { describeClients } from './client-cases.ts';
import { describeDeployed } from './deployed-cases.ts';
import { describeRestore } from './restore-cases.ts';

// One file, because a deployment takes longer than most of its tests.
describe.skipIf(ministackMissing)('a deployment by the CDK command', () => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await deployToMinistack();
  });
  afterAll(() => deployment?.stop());

  describe('with plain requests', () => describeDeployed(() => deployment));
  describe('with real clients', () => describeClients(() => deployment));
  // The last, since it changes which stores the deployment has.
  describe('with restored stores', () => describeRestore(() => deployment));
});
