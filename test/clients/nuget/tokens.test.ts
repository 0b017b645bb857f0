import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshName } from '../../kit/accounts.ts';
import { nupkg } from '../../kit/nupkg.ts';
import { pairwise } from '../../kit/pairwise.ts';
import { describeTool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { levelsOf, openPlayground, type Playground, type TokenKind, tokenKinds } from '../playground.ts';
import { consumer, installedInto, nugetUser, type SourceSetup, writeAll } from './nuget-client.ts';
import { dotnet, nuget2 } from './tools.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

/** Writes a package that is not pushed yet into the project of a new user. */
async function written(setup: SourceSetup) {
  const user = await nugetUser(setup);
  const id = freshName('Owned').replaceAll('-', '.');
  const bytes = Buffer.from(nupkg({ id, files: [{ path: 'lib/netstandard2.0/_._', content: '' }] }));
  await user.space.write('package.nupkg', bytes);
  return { user, id, bytes };
}

const project = () => ground.endpoint('nuget', ground.project);

/** Every kind of token as key and as password, and both at every level. */
const combinations = pairwise(
  { kind: tokenKinds, sent: ['key', 'password'], level: ['project', 'subgroup', 'group', 'instance'] },
  { independent: [['kind', 'level']] },
);

describeTool(dotnet, () => {
  test.for(combinations)(
    'pushes with a $kind token as $sent, and restores with it as password from $level',
    async ({ kind, sent, level }) => {
      const token = ground.tokens[kind];
      const { user, id, bytes } = await written({
        endpoint: project(),
        token: sent === 'password' ? token : undefined,
      });
      const owner = new Map(levelsOf(ground)).get(level);
      const reader = await nugetUser({ endpoint: ground.endpoint('nuget', owner), token });
      try {
        const key = sent === 'key' ? ['--api-key', token.secret] : [];
        const push = ['nuget', 'push', 'package.nupkg', '--source', 'acme', ...key];
        expect((await succeeded(user.dotnet(...push))).seen).toContain('Your package was pushed');
        await writeAll(reader, consumer({ [id]: '1.0.0' }));
        await succeeded(reader.dotnet('restore'));
        expect((await readFile(reader.installed(id, '1.0.0'))).equals(bytes)).toBe(true);
      } finally {
        await user.remove();
        await reader.remove();
      }
    },
  );

  test('accepts a token under the user name of CI jobs, with any API key', async () => {
    const token = { ...ground.tokens.personal, username: 'gitlab-ci-token' };
    const { user } = await written({ endpoint: project(), token });
    try {
      await succeeded(user.dotnet('nuget', 'push', 'package.nupkg', '--source', 'acme', '--api-key', 'az'));
    } finally {
      await user.remove();
    }
  });

  test('restores from a public project without a token, in its group and the instance', async () => {
    const endpoint = ground.endpoint('nuget', ground.openProject);
    const { user, id, bytes } = await written({ endpoint, token: ground.tokens['group deploy'] });
    await succeeded(user.dotnet('nuget', 'push', 'package.nupkg', '--source', 'acme'));
    await user.remove();
    // The public project itself is read by NuGet 2, below.
    for (const owner of [ground.group, undefined]) {
      const stranger = await nugetUser({ endpoint: ground.endpoint('nuget', owner) });
      await writeAll(stranger, consumer({ [id]: '1.0.0' }));
      await succeeded(stranger.dotnet('restore'));
      expect((await readFile(stranger.installed(id, '1.0.0'))).equals(bytes)).toBe(true);
      await stranger.remove();
    }
  });
});

/** Only two kinds, since NuGet 2 takes seconds to start: a personal token, and one whose user name matters. */
const fewKinds = ['personal', 'project deploy'] satisfies TokenKind[];

describeTool(nuget2, () => {
  test.for(fewKinds)('pushes and installs with a %s token', async (kind) => {
    const token = ground.tokens[kind];
    const { user, id, bytes } = await written({ endpoint: project(), token });
    try {
      await succeeded(user.nuget('push', 'package.nupkg', token.secret, '-Source', 'acme'));
      await succeeded(
        user.nuget('install', id, '-Source', 'acme', '-OutputDirectory', 'packages', '-NoCache'),
      );
      expect((await installedInto(user, 'packages', id, '1.0.0')).equals(bytes)).toBe(true);
    } finally {
      await user.remove();
    }
  });

  test('pushes to a public project with a key alone, and installs from it without a token', async () => {
    const endpoint = ground.endpoint('nuget', ground.openProject);
    const { user, id, bytes } = await written({ endpoint });
    try {
      const { secret } = ground.tokens['group access'];
      await succeeded(user.nuget('push', 'package.nupkg', secret, '-Source', 'acme'));
      await succeeded(
        user.nuget('install', id, '-Source', 'acme', '-OutputDirectory', 'packages', '-NoCache'),
      );
      expect((await installedInto(user, 'packages', id, '1.0.0')).equals(bytes)).toBe(true);
    } finally {
      await user.remove();
    }
  });
});
