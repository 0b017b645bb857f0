import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshName } from '../../kit/accounts.ts';
import { nupkg } from '../../kit/nupkg.ts';
import { describeTool } from '../client.ts';
import { failed, succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { untilFound } from '../until-found.ts';
import { consumer, type NugetUser, nugetUser, writeAll } from './nuget-client.ts';
import { dotnet, nuget2 } from './tools.ts';

const id = freshName('Many').replaceAll('-', '.');
const needed = `${id}.Needed`;
const files = [{ path: 'lib/netstandard2.0/_._', content: '' }];

let ground: Playground;
let user: NugetUser;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  user = await nugetUser({ endpoint: ground.endpoint('nuget', ground.project), token: ground.maintainer });
  if (dotnet.missing) return;
  const metadata = `<dependencies><group targetFramework=".NETStandard2.0">
    <dependency id="${needed}" version="[1.0,2.0)" /></group></dependencies>`;
  const packages = {
    ...Object.fromEntries(
      ['1.0', '1.1.0', '1.1.1-beta', '2.0.0-rc.1', '10.0.0'].map((version) => [
        version,
        nupkg({ id, version, metadata, files }),
      ]),
    ),
    'needed-1.5': nupkg({ id: needed, version: '1.5.0', files }),
    'needed-2.0': nupkg({ id: needed, version: '2.0.0', files, metadata: '<tags>PSModule json</tags>' }),
  };
  for (const [name, bytes] of Object.entries(packages))
    await user.space.write(`packages/${name}.nupkg`, bytes);
  await succeeded(
    user.dotnet('nuget', 'push', 'packages/*.nupkg', '--source', 'acme', '--no-symbols', 'true'),
  );
  const feed = ground.endpoint('nuget', ground.project);
  for (const name of [id, needed]) {
    await untilFound(`${feed}/query?q=${name}`, ground.maintainer.secret, name);
  }
});
afterAll(async () => {
  await user?.remove();
  await ground?.remove();
});

const unlist = ['nuget', 'delete', id, '10.0.0', '--source', 'acme', '--non-interactive'];

/** The versions that a new user gets for a requested version. */
async function restored(version: string, owner: Parameters<Playground['endpoint']>[1] = ground.project) {
  const reader = await nugetUser({ endpoint: ground.endpoint('nuget', owner), token: ground.maintainer });
  try {
    await writeAll(reader, consumer({ [id]: version }));
    await succeeded(reader.dotnet('restore'));
    const lock = await readFile(join(reader.space.project, 'packages.lock.json'), 'utf8');
    const { dependencies } = JSON.parse(lock) as {
      dependencies: Record<string, Record<string, { resolved: string }>>;
    };
    const [found = {}] = Object.values(dependencies);
    return Object.fromEntries(Object.entries(found).map(([name, { resolved }]) => [name, resolved]));
  } finally {
    await reader.remove();
  }
}

describeTool(dotnet, () => {
  test('restores the version that a range selects, with its dependencies', async () => {
    expect(await restored('1.0')).toEqual({ [id]: '1.0.0', [needed]: '1.5.0' });
    expect(await restored('1.*')).toEqual({ [id]: '1.1.0', [needed]: '1.5.0' });
    expect(await restored('*', ground.group)).toEqual({ [id]: '10.0.0', [needed]: '1.5.0' });
    expect(await restored('[1.1.1-beta,2.0.0-rc.1]', undefined)).toEqual({
      [id]: '1.1.1-beta',
      [needed]: '1.5.0',
    });
  });

  test('adds the latest version, and lists outdated packages', async () => {
    const reader = await nugetUser({
      endpoint: ground.endpoint('nuget', ground.project),
      token: ground.maintainer,
    });
    try {
      await writeAll(reader, consumer({ [needed]: '1.5.0' }));
      await succeeded(reader.dotnet('add', 'package', id));
      expect(await readFile(join(reader.space.project, 'app.csproj'), 'utf8')).toContain(
        `Include="${id}" Version="10.0.0"`,
      );
      const outdated = await succeeded(reader.dotnet('list', 'package', '--outdated'));
      expect(outdated.seen).toMatch(new RegExp(`${needed}\\s+1\\.5\\.0\\s+1\\.5\\.0\\s+2\\.0\\.0`));
    } finally {
      await reader.remove();
    }
  });

  test('unlists a version, which can still be restored by its number', async () => {
    const seen = await succeeded(user.dotnet(...unlist, '--api-key', ground.maintainer.secret));
    expect(seen.seen).toContain('was deleted successfully');
    const reader = await nugetUser({
      endpoint: ground.endpoint('nuget', ground.project),
      token: ground.maintainer,
    });
    await writeAll(reader, consumer({ [id]: '1.0.0' }));
    await succeeded(reader.dotnet('restore'));
    const outdated = await succeeded(reader.dotnet('list', 'package', '--outdated'));
    expect(outdated.seen).toMatch(new RegExp(`${id}\\s+1\\.0\\.0\\s+1\\.0\\.0\\s+1\\.1\\.0`));
    await reader.remove();
    expect(await restored('10.0.0')).toMatchObject({ [id]: '10.0.0' });
    const again = await failed(
      user.dotnet('nuget', 'delete', id, '9.9.9', '--source', 'acme', '--non-interactive'),
    );
    expect(again).toContain('404 (Package Not Found)');
  });
});

describeTool(nuget2, () => {
  test('lists packages with their latest versions, or with all versions it can read', async () => {
    const list = async (text: string, ...options: readonly string[]) => {
      const { seen } = await succeeded(user.nugetOnTerminal('list', text, '-Source', 'acme', ...options));
      return seen
        .split(/\r?\n/)
        .filter((line) => line.startsWith(id))
        .sort();
    };
    const latest = await list(id);
    expect(latest).toEqual([`${id} ${dotnet.missing ? '10.0.0' : '1.1.0'}`, `${needed} 2.0.0`]);
    expect(await list(id, '-AllVersions', '-Prerelease')).toEqual(
      expect.arrayContaining([`${id} 1.0`, `${id} 1.1.1-beta`, `${needed} 1.5.0`]),
    );
    expect(await list('tag:psmodule')).toEqual([`${needed} 2.0.0`]);
  });

  test('installs a version, restores a packages.config, and unlists a version', async () => {
    const install = [
      'install',
      id,
      '-Version',
      '1.0',
      '-Source',
      'acme',
      '-OutputDirectory',
      'old',
      '-NoCache',
    ];
    const installed = await succeeded(user.nuget(...install));
    expect(installed.seen).toContain(`Successfully installed '${id} 1.0'`);
    await user.space.write(
      'packages.config',
      `<packages><package id="${needed}" version="1.5.0" /></packages>`,
    );
    await succeeded(
      user.nuget(
        'restore',
        'packages.config',
        '-Source',
        'acme',
        '-PackagesDirectory',
        'restored',
        '-NoCache',
      ),
    );
    const gone = await succeeded(
      user.nuget('delete', needed, '2.0.0', ground.maintainer.secret, '-Source', 'acme'),
    );
    expect(gone.seen).toContain('was deleted successfully');
    const { seen } = await succeeded(user.nugetOnTerminal('list', needed, '-Source', 'acme'));
    expect(seen).toContain(`${needed} 1.5.0`);
  });
});
