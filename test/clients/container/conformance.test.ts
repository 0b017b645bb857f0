import { afterAll, beforeAll, inject, test } from 'vitest';
import { describeTool } from '../client.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { CONFORMANCE_TIMEOUT, conformance, expectConformance } from './conformance.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

describeTool(conformance, () => {
  // `dev` has what the next version of the specification adds, such as tags as parameters of a push.
  test.each(['1.1', 'dev'])(
    'has no failures and no skips with version %s of the specification',
    (version) => expectConformance(ground, version),
    CONFORMANCE_TIMEOUT,
  );
});
