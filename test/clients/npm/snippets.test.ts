import { afterAll, beforeAll, inject, test } from 'vitest';
import { describeTool } from '../client.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { expectPastedWorks, pastedClients } from './pasted.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

for (const client of pastedClients) {
  describeTool(client.tool, () => {
    test('publishes and installs with the instructions shown to users', () =>
      expectPastedWorks(client, ground));
  });
}
