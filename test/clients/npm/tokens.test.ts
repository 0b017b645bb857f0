import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshName } from '../../kit/accounts.ts';
import { pairwise } from '../../kit/pairwise.ts';
import { describeTool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { levelsOf, openPlayground, type Playground, tokenKinds } from '../playground.ts';
import { type NpmUser, npmUser } from './npm-client.ts';
import { installedFiles, type WrittenPackage, writePackage } from './packages.ts';
import { newestClients, npmClients, olderClients } from './tools/all.ts';
import { npm12 } from './tools/npm.ts';

let ground: Playground;
let owner: NpmUser;
/** The package in the public project. */
let open: WrittenPackage;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  const registry = ground.endpoint('npm', ground.openProject);
  owner = await npmUser(npm12, { registry, token: ground.tokens['group deploy'] });
  open = await writePackage(owner.space, { name: freshName('open'), version: '1.0.0' });
  await succeeded(owner.publish(open));
});
afterAll(async () => {
  await owner?.remove();
  await ground?.remove();
});

/**
 * Each of the newest clients with both carriers, each older one with one of them, and every kind of token and level with
 * some. Kinds, carriers and levels do not affect each other: the fleet tests try every kind in every carrier.
 */
const combinations = pairwise(
  {
    client: npmClients,
    kind: tokenKinds,
    carrier: ['bearer', 'basic'],
    level: ['project', 'subgroup', 'group', 'instance'],
  },
  {
    independent: [
      ['client', 'kind'],
      ['client', 'level'],
      ['kind', 'carrier'],
      ['kind', 'level'],
      ['carrier', 'level'],
    ],
    possible: ({ client, carrier }) =>
      newestClients.includes(client) || (olderClients.indexOf(client) % 2 === 0) === (carrier === 'bearer'),
  },
);

/** The levels at which a client installs without a token: one per client, in turn. */
const openLevels = ['project', 'group', 'instance'] as const;

for (const client of npmClients) {
  describeTool(client.tool, () => {
    test.for(combinations.filter((each) => each.client === client))(
      'publishes and installs with a $kind token, sent as $carrier, at $level',
      async ({ kind, carrier, level }) => {
        const token = ground.tokens[kind];
        const user = await npmUser(client, {
          registry: ground.endpoint('npm', ground.project),
          token,
          carrier,
        });
        try {
          const scope = carrier === 'bearer' ? '' : `@${ground.group.fullPath}/`;
          const pkg = await writePackage(user.space, {
            name: scope + freshName('owned'),
            version: '1.0.0',
          });
          await succeeded(user.publish(pkg));
          const owner = new Map(levelsOf(ground)).get(level);
          const reader = await npmUser(client, { registry: ground.endpoint('npm', owner), token, carrier });
          await succeeded(reader.add(pkg.name));
          expect(await installedFiles(reader.space, pkg)).toEqual(pkg.files);
          await reader.remove();
        } finally {
          await user.remove();
        }
      },
    );
  });
}

for (const [index, client] of newestClients.entries()) {
  describeTool(client.tool, () => {
    const level = openLevels[index % openLevels.length] ?? 'project';
    test(`installs from a public project without a token, at ${level}`, async () => {
      const owners = { project: ground.openProject, group: ground.group, instance: undefined };
      const stranger = await npmUser(client, { registry: ground.endpoint('npm', owners[level]) });
      await succeeded(stranger.add(open.name));
      expect(await installedFiles(stranger.space, open)).toEqual(open.files);
      await stranger.remove();
    });
  });
}
