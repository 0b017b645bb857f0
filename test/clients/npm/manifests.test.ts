import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { PackageOptions } from '../../kit/npm-package.ts';
import { describeTool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { type NpmUser, npmUser } from './npm-client.ts';
import { putPackage } from './packages.ts';
import { newestClients } from './tools/all.ts';
import { npm12 } from './tools/npm.ts';

let ground: Playground;
let scope: string;
let registry: string;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  scope = `@${ground.group.fullPath}`;
  registry = ground.endpoint('npm', ground.project);
  for (const options of packages()) await putPackage(registry, ground.tokens.personal, options);
});
afterAll(() => ground?.remove());

/** Packages whose manifests say what clients must know before they fetch anything. */
function packages(): PackageOptions[] {
  return [
    { name: `${scope}/companion` },
    { name: `${scope}/elsewhere`, fields: { os: ['aix'], cpu: ['s390x'] } },
    {
      name: `${scope}/kitchen`,
      fields: {
        engines: { node: '>=18' },
        optionalDependencies: { [`${scope}/elsewhere`]: '^1.0.0' },
        peerDependencies: { [`${scope}/companion`]: '^1.0.0', [`${scope}/nice-to-have`]: '^1.0.0' },
        peerDependenciesMeta: { [`${scope}/nice-to-have`]: { optional: true } },
      },
    },
    { name: `${scope}/built`, fields: { scripts: { postinstall: 'node index.js' } } },
    { name: `${scope}/future`, fields: { engines: { node: '>=99' } } },
  ];
}

const isInstalled = (user: NpmUser, name: string) =>
  existsSync(join(user.space.project, 'node_modules', scope, name));

for (const client of newestClients) {
  describeTool(client.tool, () => {
    test('skips an optional dependency for another platform, and installs or reports peer dependencies', async () => {
      const user = await npmUser(client, { registry, token: ground.readOnly });
      const { seen } = await succeeded(user.add(`${scope}/kitchen`));
      expect(isInstalled(user, 'kitchen')).toBe(true);
      expect(isInstalled(user, 'elsewhere')).toBe(false);
      expect(seen).not.toContain('nice-to-have');
      if (client.installsPeers) {
        expect(await user.read(client.lockfile)).toContain(`${scope}/companion`);
      } else {
        expect(seen).toMatch(new RegExp(`companion.*peer|peer.*companion|provide ${scope}/companion`, 's'));
      }
      await user.remove();
    });

    test('detects that a package has an install script', async () => {
      const user = await npmUser(client, { registry, token: ground.readOnly });
      const { seen } = await user.add(`${scope}/built`);
      expect(isInstalled(user, 'built')).toBe(true);
      const lock = await user.read(client.lockfile);
      // npm records it in the lock file, Yarn 1 just runs it, and the others report whether they ran it.
      if (client.lockfile === 'package-lock.json') expect(lock).toContain('"hasInstallScript": true');
      else if (client.tool.id !== 'yarn-1') expect(seen).toMatch(/script|build|postinstall/i);
      await user.remove();
    });
  });
}

describeTool(npm12.tool, () => {
  test('warns about a package that requires a later Node', async () => {
    const user = await npmUser(npm12, { registry, token: ground.readOnly });
    const { seen } = await succeeded(user.add(`${scope}/future`));
    expect(seen).toContain('EBADENGINE');
    expect(seen).toContain('>=99');
    await user.remove();
  });
});
