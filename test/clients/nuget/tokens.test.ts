import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshName } from '../../kit/accounts.ts';
import { nupkg } from '../../kit/nupkg.ts';
import { describeTool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { openPlayground, type Playground, tokenKinds } from '../playground.ts';
import { consumer, installedByNuget2, nugetUser, type SourceSetup, writeAll } from './nuget-client.ts';
import { dotnet, nuget2 } from './tools.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

/** A package nobody has pushed, in the project of a user. */
async function written(setup: SourceSetup) {
  const user = await nugetUser(setup);
  const id = freshName('Owned').replaceAll('-', '.');
  const bytes = Buffer.from(nupkg({ id, files: [{ path: 'lib/netstandard2.0/_._', content: '' }] }));
  await user.space.write('package.nupkg', bytes);
  return { user, id, bytes };
}

const project = () => ground.endpoint('nuget', ground.project);

describeTool(dotnet, () => {
  test.for(tokenKinds)('pushes with a %s token as key, and restores with it as password', async (kind) => {
    const token = ground.tokens[kind];
    const { user, id, bytes } = await written({ endpoint: project(), token });
    try {
      const anonymous = await nugetUser({ endpoint: project() });
      await anonymous.space.write('package.nupkg', bytes);
      const push = ['nuget', 'push', 'package.nupkg', '--source', 'acme'];
      await succeeded(anonymous.dotnet(...push, '--api-key', token.secret));
      await anonymous.remove();
      await writeAll(user, consumer({ [id]: '1.0.0' }));
      await succeeded(user.dotnet('restore'));
      expect((await readFile(user.installed(id, '1.0.0'))).equals(bytes)).toBe(true);
    } finally {
      await user.remove();
    }
  });

  test.for(tokenKinds)('pushes with a %s token as password alone', async (kind) => {
    const { user } = await written({ endpoint: project(), token: ground.tokens[kind] });
    try {
      const pushed = await succeeded(user.dotnet('nuget', 'push', 'package.nupkg', '--source', 'acme'));
      expect(pushed.seen).toContain('Your package was pushed');
    } finally {
      await user.remove();
    }
  });

  test('takes a token under the user name of CI jobs, and a made-up key beside it', async () => {
    const token = { ...ground.tokens.personal, username: 'gitlab-ci-token' };
    const { user } = await written({ endpoint: project(), token });
    try {
      await succeeded(user.dotnet('nuget', 'push', 'package.nupkg', '--source', 'acme', '--api-key', 'az'));
    } finally {
      await user.remove();
    }
  });

  test('restores from a public project without a token, at every level', async () => {
    const endpoint = ground.endpoint('nuget', ground.openProject);
    const { user, id, bytes } = await written({ endpoint, token: ground.tokens['group deploy'] });
    await succeeded(user.dotnet('nuget', 'push', 'package.nupkg', '--source', 'acme'));
    await user.remove();
    for (const place of [ground.openProject, ground.group, undefined]) {
      const stranger = await nugetUser({ endpoint: ground.endpoint('nuget', place) });
      await writeAll(stranger, consumer({ [id]: '1.0.0' }));
      await succeeded(stranger.dotnet('restore'));
      expect((await readFile(stranger.installed(id, '1.0.0'))).equals(bytes)).toBe(true);
      await stranger.remove();
    }
  });
});

describeTool(nuget2, () => {
  test.for(tokenKinds)('pushes and installs with a %s token', async (kind) => {
    const token = ground.tokens[kind];
    const { user, id, bytes } = await written({ endpoint: project(), token });
    try {
      await succeeded(user.nuget('push', 'package.nupkg', token.secret, '-Source', 'acme'));
      await succeeded(
        user.nuget('install', id, '-Source', 'acme', '-OutputDirectory', 'packages', '-NoCache'),
      );
      expect((await installedByNuget2(user, 'packages', id, '1.0.0')).equals(bytes)).toBe(true);
    } finally {
      await user.remove();
    }
  });

  test('pushes with a key alone to a public project, from which anyone installs', async () => {
    const endpoint = ground.endpoint('nuget', ground.openProject);
    const { user, id, bytes } = await written({ endpoint });
    try {
      const { secret } = ground.tokens['group access'];
      await succeeded(user.nuget('push', 'package.nupkg', secret, '-Source', 'acme'));
      await succeeded(
        user.nuget('install', id, '-Source', 'acme', '-OutputDirectory', 'packages', '-NoCache'),
      );
      expect((await installedByNuget2(user, 'packages', id, '1.0.0')).equals(bytes)).toBe(true);
    } finally {
      await user.remove();
    }
  });
});
