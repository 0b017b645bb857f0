import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshName } from '../../kit/accounts.ts';
import { describeTool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { levelsOf, openPlayground, type Playground, tokenKinds } from '../playground.ts';
import { npmUser } from './npm-client.ts';
import { installedFiles, writePackage } from './packages.ts';
import { npmClients } from './tools/all.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

/** Every kind of token in every carrier, and between the carriers at every level. */
const pairs = tokenKinds.flatMap((kind) => [
  [kind, 'bearer', ['project', 'instance']] as const,
  [kind, 'basic', ['group']] as const,
]);

for (const client of npmClients) {
  describeTool(client.tool, () => {
    test.for(pairs)(
      'publishes and installs with a %s token, sent as %s, at %s',
      async ([kind, carrier, levels]) => {
        const token = ground.tokens[kind];
        const user = await npmUser(client, {
          registry: ground.endpoint('npm', ground.project),
          token,
          carrier,
        });
        try {
          const pkg = await writePackage(user.space, { name: freshName('owned'), version: '1.0.0' });
          await succeeded(user.publish(pkg));
          for (const level of levels) {
            const place = new Map(levelsOf(ground)).get(level);
            const reader = await npmUser(client, { registry: ground.endpoint('npm', place), token, carrier });
            await succeeded(reader.add(pkg.name));
            expect(await installedFiles(reader.space, pkg)).toEqual(pkg.files);
            await reader.remove();
          }
        } finally {
          await user.remove();
        }
      },
    );

    test('installs from a public project without a token', async () => {
      const registry = ground.endpoint('npm', ground.openProject);
      const user = await npmUser(client, { registry, token: ground.tokens['group deploy'] });
      try {
        const pkg = await writePackage(user.space, { name: freshName('open'), version: '1.0.0' });
        await succeeded(user.publish(pkg));
        for (const place of [ground.openProject, ground.group, undefined]) {
          const stranger = await npmUser(client, { registry: ground.endpoint('npm', place) });
          await succeeded(stranger.add(pkg.name));
          expect(await installedFiles(stranger.space, pkg)).toEqual(pkg.files);
          await stranger.remove();
        }
      } finally {
        await user.remove();
      }
    });
  });
}
