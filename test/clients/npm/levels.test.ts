import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { describeTool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { levelsOf, openPlayground, type Playground } from '../playground.ts';
import { type NpmClient, npmUser } from './npm-client.ts';
import { installedFiles } from './packages.ts';
import { installSet, type PackageSet, publishSet } from './smoke.ts';
import { newestClients, olderClients } from './tools/all.ts';
import { npm12 } from './tools/npm.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

const levels = ['project', 'subgroup', 'group', 'instance'];

/** npm installs from every level, the newest of the others from each kind of level, older ones from one level each. */
const levelsByClient = new Map<NpmClient, readonly string[]>([
  [npm12, levels],
  ...newestClients.slice(1).map((client) => [client, ['project', 'group', 'instance']] as const),
  ...olderClients.map((client, index) => [client, levels.slice(index % 4, (index % 4) + 1)] as const),
]);

for (const [client, from] of levelsByClient) {
  describeTool(client.tool, () => {
    let set: PackageSet;

    test('publishes packages with and without a scope', async () => {
      set = await publishSet(client, ground, { suffix: client.tool.id });
    });

    test.for(from)('installs from the %s, and again from the lock file', async (level) => {
      const owner = new Map(levelsOf(ground)).get(level);
      const setup = { registry: ground.endpoint('npm', owner), token: ground.tokens.personal };
      await installSet(client, setup, set);
    });

    test('installs a scope from the project while everything else comes from another registry', async () => {
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
