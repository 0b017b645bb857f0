import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { TestToken } from '../../kit/accounts.ts';
import { describeTool, javaTool, makeWorkspace, type Workspace } from '../client.ts';
import { failed, succeeded } from '../outcome.ts';
import { levelsOf, openPlayground, type Playground } from '../playground.ts';
import { type ModulePair, publishPair } from './pair.ts';

/** Coursier, which installs for Scala's build tools and as `cs` in a terminal; it can't publish. */
const coursier = javaTool('coursier', 'coursier.cli.Coursier');

let ground: Playground;
let pair: ModulePair;
const spaces: Workspace[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  pair = await publishPair(ground);
});
afterAll(async () => {
  await Promise.all(spaces.map((space) => space.remove()));
  await ground?.remove();
});

/** Fetches a module as a new user. With `realm`, the token is only sent to who asks for that realm. */
async function fetchModule(
  token: TestToken | undefined,
  module: string,
  { owner, realm = false }: { owner?: Parameters<Playground['endpoint']>[1]; realm?: boolean } = {},
) {
  const space = await makeWorkspace({ cs: coursier });
  spaces.push(space);
  const url = ground.endpoint('maven', owner);
  const host = new URL(url).hostname + (realm ? '(GitLab Packages Registry)' : '');
  const env = {
    JAVA_TOOL_OPTIONS: `-Duser.home=${space.home}`,
    ...(token && { COURSIER_CREDENTIALS: `${host} ${token.username}:${token.secret}` }),
  };
  return space.run(['cs', 'fetch', '--no-default', '--repository', url, `${pair.group}:${module}`], { env });
}

describeTool(coursier, () => {
  const ways = [
    ['project', '1.0', false],
    ['subgroup', '1.0', true],
    ['group', '[1.0,2.0)', false],
    ['instance', 'latest.release', true],
  ] as const;

  test.for(ways)(
    'fetches from the %s the version %s with its dependencies',
    async ([level, version, realm]) => {
      const owner = new Map(levelsOf(ground)).get(level);
      const { stdout } = await succeeded(
        fetchModule(ground.tokens['group deploy'], `tool:${version}`, { ...(owner && { owner }), realm }),
      );
      const paths = stdout.trim().split('\n');
      for (const [name, bytes] of Object.entries(pair.jars)) {
        const path = paths.find((each) => each.endsWith(`/${name}-1.0.jar`)) ?? '';
        expect([name, bytes.equals(await readFile(path))]).toEqual([name, true]);
      }
    },
  );

  test('shows that a token is missing, wrong or expired', async () => {
    const wrong: TestToken = { id: 0, username: 'nobody', secret: 'phat-this-is-no-token-of-ours' };
    for (const token of [undefined, wrong, ground.expired]) {
      const seen = await failed(fetchModule(token, 'tool:1.0', { owner: ground.project }));
      expect(seen).toMatch(/unauthorized: \S+\/tool-1\.0\.pom \(GitLab Packages Registry\)/);
    }
  });

  test('names a module or version that does not exist', async () => {
    for (const module of ['not-there:1.0', 'tool:9.9']) {
      const seen = await failed(fetchModule(ground.readOnly, module, { owner: ground.project }));
      expect(seen).toContain(`Error downloading ${pair.group}:${module}`);
      expect(seen).toContain('not found: http');
    }
  });
});
