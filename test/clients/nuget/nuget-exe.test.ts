import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshName, type TestToken } from '../../kit/accounts.ts';
import { nupkg } from '../../kit/nupkg.ts';
import { describeTool } from '../client.ts';
import { once } from '../once.ts';
import { failed, succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { untilFound } from '../until-found.ts';
import { installedInto, type NugetUser, nugetUser } from './nuget-client.ts';
import { nuget5 } from './tools.ts';

const id = freshName('Exe').replaceAll('-', '.');
const needed = `${id}.Needed`;
const files = [{ path: 'lib/netstandard2.0/_._', content: '' }];
const nuspec = `<package><metadata><id>${id}</id><version>1.2.0-Beta.1</version><authors>Acme</authors>
<description>Packed by NuGet.exe</description><dependencies><dependency id="${needed}" version="[1.0,2.0)" /></dependencies>
</metadata><files><file src="readme.txt" target="content" /></files></package>`;

let ground: Playground;
const users: NugetUser[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(async () => {
  await Promise.all(users.map((user) => user.remove()));
  await ground?.remove();
});

async function userOf(
  token: TestToken | undefined,
  owner: Parameters<Playground['endpoint']>[1] = ground.project,
): Promise<NugetUser> {
  const user = await nugetUser({ endpoint: ground.endpoint('nuget', owner), token });
  users.push(user);
  return user;
}

/** Packs a package and pushes it after the one that it needs: one with a key, the other with the password of the source. */
const published = once(async () => {
  const user = await userOf(ground.maintainer);
  const base = Buffer.from(nupkg({ id: needed, version: '1.5.0', files }));
  await user.space.write('needed.nupkg', base);
  await user.space.write('package.nuspec', nuspec);
  await user.space.write('readme.txt', 'read me');
  await succeeded(user.nuget5('pack', 'package.nuspec', '-OutputDirectory', 'out'));
  const packed = `out/${id}.1.2.0-Beta.1.nupkg`;
  const { stdout } = await user.space.run(['sha512sum', packed]);
  const pushed = [
    await succeeded(user.nuget5('push', 'needed.nupkg', ground.maintainer.secret, '-Source', 'acme')),
    await succeeded(user.nuget5('push', packed, '-Source', 'acme')),
  ];
  return { user, base, pushed, digest: stdout.split(' ')[0] };
});

const install = ['install', id, '-Prerelease', '-Source', 'acme', '-OutputDirectory', 'packages'];

describeTool(nuget5, () => {
  test('packs a package, and pushes with a key or a password', async () => {
    for (const { seen } of (await published()).pushed) expect(seen).toContain('Your package was pushed');
  });

  test.for(['project', 'group', 'instance'] as const)(
    'installs a package with its dependency from the %s, byte for byte',
    async (level) => {
      const { base, digest } = await published();
      const owner = { project: ground.project, group: ground.group, instance: undefined }[level];
      const user = await nugetUser({ endpoint: ground.endpoint('nuget', owner), token: ground.readOnly });
      users.push(user);
      await succeeded(user.nuget5(...install));
      expect((await installedInto(user, 'packages', needed, '1.5.0')).equals(base)).toBe(true);
      const path = `packages/${id}.1.2.0-Beta.1/${id}.1.2.0-Beta.1.nupkg`;
      expect((await user.space.run(['sha512sum', path])).stdout).toContain(digest);
    },
  );

  test('restores a packages.config, lists packages, and unlists a version', async () => {
    const { user } = await published();
    await user.space.write(
      'packages.config',
      `<packages><package id="${needed}" version="1.5.0" /></packages>`,
    );
    await succeeded(
      user.nuget5('restore', 'packages.config', '-Source', 'acme', '-PackagesDirectory', 'restored'),
    );
    await installedInto(user, 'restored', needed, '1.5.0');
    const feed = ground.endpoint('nuget', ground.project);
    await untilFound(`${feed}/query?q=${needed}`, ground.maintainer.secret, needed);
    const list = () => succeeded(user.nuget5('list', needed, '-Source', 'acme'));
    expect((await list()).stdout).toContain(`${needed} 1.5.0`);
    const unlist = ['delete', needed, '1.5.0', ground.maintainer.secret, '-Source', 'acme'];
    expect((await succeeded(user.nuget5(...unlist))).seen).toContain('was deleted successfully');
    expect((await list()).stdout).not.toContain(needed);
  });

  test('shows why a push or an install is refused', async () => {
    await published();
    const wrong: TestToken = { id: 0, username: 'nobody', secret: 'phat-this-is-no-token-of-ours' };
    for (const [token, key, says] of [
      [undefined, wrong.secret, /401 \(Unauthorized\)|provide credentials/],
      [wrong, wrong.secret, /401 \(Unauthorized\)|provide credentials/],
      [ground.expired, ground.expired.secret, /401 \(Unauthorized\)|provide credentials/],
      [ground.readOnly, ground.readOnly.secret, /403 \(The token has no scope for this request\)/],
    ] as const) {
      const user = await userOf(token);
      await user.space.write('refused.nupkg', nupkg({ id: 'Refused', files }));
      const seen = await failed(user.nuget5('push', 'refused.nupkg', key, '-Source', 'acme'));
      expect(seen).toMatch(says);
      expect(seen).not.toMatch(/\bundefined\b|\[object Object\]|NullReference/);
      if (token === ground.readOnly) continue;
      expect(await failed(user.nuget5(...install))).toMatch(says);
    }
  });

  test('names a package or version that does not exist, and what is wrong with a package', async () => {
    await published();
    const user = await userOf(ground.tokens.personal);
    const missing = ['install', 'Nothing.Of.That.Name', '-Source', 'acme'];
    expect(await failed(user.nuget5(...missing))).toContain("Unable to find package 'Nothing.Of.That.Name'");
    const version = ['install', needed, '-Version', '9.9.9', '-Source', 'acme'];
    expect(await failed(user.nuget5(...version))).toContain(`Package '${needed} 9.9.9' is not found`);
    await user.space.write('odd.nupkg', nupkg({ id: 'Odd', files: [{ path: 'b.nuspec', content: '<a/>' }] }));
    expect(await failed(user.nuget5('push', 'odd.nupkg', '-Source', 'acme'))).toContain(
      'more than one nuspec',
    );
  });
});
