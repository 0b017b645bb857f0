import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { describeTool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { levelsOf, openPlayground, type Playground } from '../playground.ts';
import { npmUser } from './npm-client.ts';
import { installedFiles } from './packages.ts';
import { installSet, type PackageSet, publishSet, runNpmSmoke } from './smoke.ts';
import { npmClients } from './tools/all.ts';
import { npm12 } from './tools/npm.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

describeTool(npm12.tool, () => {
  test('publishes and installs at every level of a registry of which only the address is known', () =>
    runNpmSmoke(inject('registry')));
});

for (const client of npmClients) {
  describeTool(client.tool, () => {
    let set: PackageSet;

    test('publishes packages with and without a scope', async () => {
      set = await publishSet(client, ground, { suffix: client.tool.id });
    });

    test.for(['project', 'subgroup', 'group', 'instance'])(
      'installs from the %s, and from the lock file again',
      async (level) => {
        const place = new Map(levelsOf(ground)).get(level);
        const setup = { registry: ground.endpoint('npm', place), token: ground.tokens.personal };
        await installSet(client, setup, set);
      },
    );

    test('installs a scope from the project while all else comes from another registry', async () => {
      const registry = ground.endpoint('npm', ground.project);
      const user = await npmUser(client, {
        registry,
        scope: set.scope,
        token: ground.tokens['project deploy'],
      });
      try {
        await succeeded(user.add(`${set.base.name}@1.2`));
        expect(await installedFiles(user.space, set.base)).toEqual(set.base.files);
      } finally {
        await user.remove();
      }
    });
  });
}
