import { afterAll, beforeAll, inject, test } from 'vitest';
import { describeTool } from '../client.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { expectPastedInstalls, expectPastedPublishes, installers, publishers } from './pasted.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

for (const client of publishers) {
  describeTool(client.tool, () => {
    test('publishes with the instructions shown to users', async () => {
      await expectPastedPublishes(client, ground);
    });
  });
}

for (const client of installers) {
  describeTool(client.tool, () => {
    test('installs with the instructions shown to users', () => expectPastedInstalls(client, ground));
  });
}
