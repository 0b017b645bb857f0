import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { freshName, type TestToken } from '../../kit/accounts.ts';
import { nupkg, portablePdb, snupkg } from '../../kit/nupkg.ts';
import { describeTool } from '../client.ts';
import { failed, succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { consumer, type NugetUser, nugetUser, type SourceSetup, writeAll } from './nuget-client.ts';
import { dotnet, nuget2 } from './tools.ts';

const published = freshName('Taken').replaceAll('-', '.');
const files = [{ path: 'lib/netstandard2.0/_._', content: '' }];

let ground: Playground;
const users: NugetUser[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  const owner = await userOf({ token: ground.tokens.personal });
  if (dotnet.missing) return;
  await owner.space.write('package.nupkg', nupkg({ id: published, files }));
  await succeeded(owner.dotnet('nuget', 'push', 'package.nupkg', '--source', 'acme'));
});
afterAll(async () => {
  await Promise.all(users.map((user) => user.remove()));
  await ground?.remove();
});

async function userOf(setup: Partial<SourceSetup>): Promise<NugetUser> {
  const user = await nugetUser({ endpoint: ground.endpoint('nuget', ground.project), ...setup });
  users.push(user);
  return user;
}

/** Checks that the output has nothing that only the authors of a server or client understand. */
function expectClear(seen: string): void {
  expect(seen).not.toMatch(
    /\[object Object\]|\bundefined\b|Internal Server Error|Unexpected|reset by peer|Broken pipe/,
  );
}

const wrong: TestToken = { id: 0, username: 'nobody', secret: 'phat-this-is-no-token-of-ours' };
const credentials = {
  'without a token': () => undefined,
  'with a wrong token': () => wrong,
  'with an expired token': () => ground.expired,
} as const;

const fresh = (id = freshName('Refused').replaceAll('-', '.')) => nupkg({ id, files });

describeTool(dotnet, () => {
  async function push(user: NugetUser, bytes: Uint8Array, ...options: readonly string[]): Promise<string> {
    await user.space.write('refused.nupkg', bytes);
    return failed(user.dotnet('nuget', 'push', 'refused.nupkg', '--source', 'acme', ...options));
  }
  async function restore(user: NugetUser, packages: Readonly<Record<string, string>>): Promise<string> {
    await writeAll(user, consumer(packages));
    return failed(user.dotnet('restore'));
  }

  test.for(Object.entries(credentials))('shows 401 for a restore and a push %s', async ([name, token]) => {
    // A wrong key without a password, or a password without a key.
    const key = name === 'without a token' ? ['--api-key', 'none'] : [];
    const user = await userOf({ token: token() });
    const restored = await restore(user, { [published]: '1.0.0' });
    expect(restored).toMatch(/401 \(Unauthorized\)/);
    expectClear(restored);
    const seen = await push(user, fresh(), ...key);
    expect(seen).toMatch(/error: .*401 \(Unauthorized\)/);
    expectClear(seen);
  });

  test('restores with a read-only token, and shows why it may not push', async () => {
    const user = await userOf({ token: ground.readOnly });
    await writeAll(user, consumer({ [published]: '1.0.0' }));
    await succeeded(user.dotnet('restore'));
    const seen = await push(user, fresh(), '--api-key', ground.readOnly.secret);
    expect(seen).toContain('warn : The token has no scope for this request');
    expect(seen).toContain('403 (The token has no scope for this request)');
    expectClear(seen);
  });

  test('keeps a package when its legacy symbol package is pushed with it, and goes on with --skip-duplicate', async () => {
    const user = await userOf({ token: ground.tokens.personal });
    const id = freshName('Legacy').replaceAll('-', '.');
    const library = { path: 'lib/netstandard2.0/a.dll', content: 'MZ' };
    const symbols = { path: 'lib/netstandard2.0/a.pdb', content: portablePdb('0'.repeat(40)) };
    await user.space.write('one/a.nupkg', nupkg({ id, files: [library] }));
    await user.space.write('two/a.symbols.nupkg', nupkg({ id, files: [library, symbols] }));
    const push = (folder: string, ...options: readonly string[]) =>
      user.dotnet(
        'nuget',
        'push',
        `${folder}/*.nupkg`,
        '--source',
        'acme',
        '--no-symbols',
        'true',
        ...options,
      );
    await succeeded(push('one'));
    const seen = await failed(push('two'));
    expect(seen).toContain(`warn : ${id} 1.0.0 exists without symbols`);
    expect(seen).toContain('pack with SymbolPackageFormat=snupkg');
    expectClear(seen);
    await succeeded(push('two', '--skip-duplicate'));
  });

  test('shows what is wrong with a package', async () => {
    const user = await userOf({ token: ground.tokens.personal });
    for (const [bytes, why] of [
      [Buffer.from('no zip'), /warn : The package can't be read: it is not a whole zip archive/],
      [nupkg({ id: 'a b' }), /warn : The nuspec's id "a b" is not valid/],
      [
        nupkg({ files: [{ path: 'b.nuspec', content: '<a/>' }] }),
        /error: .*400 \(The package has more than one nuspec/,
      ],
      [snupkg({ files }), /push it to the address ending in "\/symbolpackage"/],
    ] as const) {
      expect(await push(user, bytes)).toMatch(why);
    }
  });

  test('names the package that must be pushed before its symbols', async () => {
    const user = await userOf({ token: ground.tokens.personal });
    const pdb = { path: 'lib/a.pdb', content: portablePdb('00'.repeat(20)) };
    await user.space.write('refused.snupkg', snupkg({ id: 'Nowhere', files: [pdb] }));
    const seen = await failed(user.dotnet('nuget', 'push', 'refused.snupkg', '--source', 'acme'));
    expect(seen).toContain('Push Nowhere 1.0.0 before its symbols: this version does not exist');
  });

  test('shows that packages must be pushed to a project when it pushes to a group', async () => {
    const endpoint = ground.endpoint('nuget', ground.group);
    const user = await userOf({ endpoint, token: ground.tokens.personal });
    await user.space.write('refused.nupkg', fresh());
    const byV2 = await failed(
      user.dotnet(
        'nuget',
        'push',
        'refused.nupkg',
        '--source',
        `${endpoint}/v2`,
        '--api-key',
        ground.tokens.personal.secret,
      ),
    );
    expect(byV2).toContain('warn : Publish to a project: this address only serves packages');
    // The index of a group has no address for it, which the client reports by itself.
    expect(await push(user, fresh())).toContain('does not support updating packages');
  });

  test('reports that a version exists when it is pushed again and that is not allowed', async () => {
    const strict = await ground.accounts.group('strict', { parent: ground.group });
    const project = await ground.accounts.project(strict, 'tools');
    await ground.accounts.call('PUT', `/groups/${strict.id}/package_settings`, {
      nuget_duplicates_allowed: false,
    });
    const user = await userOf({ endpoint: ground.endpoint('nuget', project), token: ground.tokens.personal });
    await user.space.write('twice.nupkg', nupkg({ id: 'Twice', files }));
    const again = ['nuget', 'push', 'twice.nupkg', '--source', 'acme'];
    await succeeded(user.dotnet(...again));
    const seen = await failed(user.dotnet(...again));
    expect(seen).toContain('warn : Twice 1.0.0 already exists and cannot be pushed again');
    const skipped = await succeeded(user.dotnet(...again, '--skip-duplicate'));
    expect(skipped.seen).toContain('already exists');
  });

  test('names packages and versions that do not exist', async () => {
    const user = await userOf({ token: ground.tokens.personal });
    const seen = await restore(user, { 'Nothing.Of.That.Name': '1.0.0', [published]: '9.9.9' });
    expect(seen).toContain('Unable to find package Nothing.Of.That.Name');
    expect(seen).toContain(`Unable to find package ${published} with version (>= 9.9.9)`);
    expectClear(seen);
  });

  test('does not restore a package whose bytes differ from the lock file', async () => {
    const user = await userOf({ token: ground.tokens.personal });
    await writeAll(user, consumer({ [published]: '1.0.0' }));
    await succeeded(user.dotnet('restore'));
    const lock = await (await import('node:fs/promises')).readFile(
      `${user.space.project}/packages.lock.json`,
      'utf8',
    );
    const other = await userOf({ token: ground.tokens.personal });
    const changed = lock.replace(
      /"contentHash": "(.{8})/,
      (_all, start: string) => `"contentHash": "${[...start].reverse().join('')}`,
    );
    expect(changed).not.toBe(lock);
    await writeAll(other, { ...consumer({ [published]: '1.0.0' }), 'packages.lock.json': changed });
    const seen = await failed(other.dotnet('restore', '--locked-mode'));
    expect(seen).toContain('Package content hash validation failed');
  });

  test('shows that unlisting needs a maintainer when a developer does it', async () => {
    const user = await userOf({ token: ground.tokens.personal });
    const seen = await failed(
      user.dotnet(
        'nuget',
        'delete',
        published,
        '1.0.0',
        '--source',
        'acme',
        '--non-interactive',
        '--api-key',
        ground.tokens.personal.secret,
      ),
    );
    expect(seen).toContain('unlisting and relisting Maintainer');
  });
});

describeTool(nuget2, () => {
  async function push(user: NugetUser, bytes: Uint8Array, key: string): Promise<string> {
    await user.space.write('refused.nupkg', bytes);
    return failed(user.nuget('push', 'refused.nupkg', key, '-Source', 'acme'));
  }

  test.for(Object.entries(credentials).slice(0, 2))('asks for credentials %s', async ([, token]) => {
    const user = await userOf({ token: token() });
    const installed = await failed(user.nuget('install', published, '-Source', 'acme', '-NoCache'));
    expect(installed).toContain('Please provide credentials for');
    const seen = await push(user, fresh(), token()?.secret ?? 'none');
    expect(seen).toContain('Please provide credentials for');
  });

  describe('with a token', () => {
    test('that is read-only, installs and shows why it may not push', async () => {
      const user = await userOf({ token: ground.readOnly });
      await succeeded(user.nuget('install', published, '-Source', 'acme', '-NoCache'));
      expect(await push(user, fresh(), ground.readOnly.secret)).toContain(
        'The token has no scope for this request',
      );
    });

    test('shows what is wrong with a package, or that it does not exist', async () => {
      const user = await userOf({ token: ground.tokens.personal });
      const twice = nupkg({ id: 'Odd', version: '1.0', files: [{ path: 'b.nuspec', content: '<a/>' }] });
      expect(await push(user, twice, ground.tokens.personal.secret)).toContain('more than one nuspec');
      const missing = await failed(
        user.nuget('install', 'Nothing.Of.That.Name', '-Source', 'acme', '-NoCache'),
      );
      expect(missing).toContain("Unable to find package 'Nothing.Of.That.Name'");
    });
  });
});
