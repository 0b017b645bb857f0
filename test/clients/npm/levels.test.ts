import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { describeTool } from '../client.ts';
import { once } from '../once.ts';
import { failed, succeeded } from '../outcome.ts';
import { levelsOf, openPlayground, type Playground } from '../playground.ts';
import { type NpmClient, type NpmSetup, npmUser } from './npm-client.ts';
import { installedFiles } from './packages.ts';
import { addSet, installLocked, type LockedProject, publishSet } from './smoke.ts';
import { newestClients } from './tools/all.ts';
import { npm12 } from './tools/npm.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

const levels = ['project', 'subgroup', 'group', 'instance'];

/** npm installs from every level, each of the others from one. */
const goingTo = new Map<NpmClient, readonly string[]>(
  newestClients.map((client, index) => [client, client === npm12 ? levels : levels.slice(index - 1, index)]),
);

/** The packages that all clients install. */
const published = once(() => publishSet(npm12, ground, { suffix: 'levels' }));

function setupAt(level: string | undefined): NpmSetup {
  const owner = new Map(levelsOf(ground)).get(level ?? '');
  return { registry: ground.endpoint('npm', owner), token: ground.tokens.personal };
}

describeTool(npm12.tool, () => {
  test('publishes packages with and without a scope', async () => {
    await published();
  });
});

for (const [client, from] of goingTo) {
  describeTool(client.tool, () => {
    let project: LockedProject;

    test.for(from)('installs from the %s', async (level) => {
      project = await addSet(client, setupAt(level), await published());
    });

    const level = from.at(-1);

    test(`installs again from the lock file of the ${level}`, async () => {
      await installLocked(client, setupAt(level), { set: await published(), project });
    });

    test('does not install a package whose bytes differ from the lock file', async () => {
      const lock = project[client.lockfile] ?? '';
      const other = lock.replaceAll(
        /(sha512-|checksum: 10c0\/)(.{6})/g,
        (_all, kind: string, start: string) => kind + [...start].reverse().join(''),
      );
      expect(other).not.toBe(lock);
      const user = await npmUser(client, setupAt(level), { ...project, [client.lockfile]: other });
      // Some break long lines, also in the middle of a name.
      const seen = (await failed(user.frozen())).replaceAll(' ', '');
      const { base, tool } = await published();
      expect(seen.includes(base.name) || seen.includes(tool.name), seen).toBe(true);
      expect(seen).toMatch(/integrity|checksum/i);
      await user.remove();
    });

    test('installs a scope from the project while everything else comes from another registry', async () => {
      const { scope, base } = await published();
      const registry = ground.endpoint('npm', ground.project);
      const token = ground.tokens['project deploy'];
      const user = await npmUser(client, { registry, scope, token });
      await succeeded(user.add(`${base.name}@1.2`));
      expect(await installedFiles(user.space, base)).toEqual(base.files);
      await user.remove();
    });
  });
}
