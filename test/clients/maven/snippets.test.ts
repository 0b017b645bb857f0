import { afterAll, beforeAll, inject, test } from 'vitest';
import { describeTool } from '../client.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { maven3 } from './maven-client.ts';
import { expectPastedWorks } from './pasted.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

describeTool(maven3, () => {
  test('publishes and installs with the instructions shown to users', () =>
    expectPastedWorks(maven3, ground));
});
