import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshName } from '../../kit/accounts.ts';
import { pairwise } from '../../kit/pairwise.ts';
import { describeTool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { levelsOf, openPlayground, type Playground, tokenKinds } from '../playground.ts';
import { asWheel, expected, installed, pythonPackage, writeDistributions } from './packages.ts';
import {
  type Installer,
  install,
  type Publisher,
  type PypiSetup,
  publish,
  pythonUser,
} from './python-client.ts';
import { pip26 } from './tools/pip.ts';
import { poetry, poetryPublish } from './tools/poetry.ts';
import { twine7 } from './tools/twine.ts';
import { uv, uvPublish } from './tools/uv.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

/** What goes to and comes from the registry with one token: clients that are told it in the same manner. */
const pairs: readonly (readonly [Publisher, Installer])[] = [
  [twine7, pip26],
  [uvPublish, uv],
  [poetryPublish, poetry],
];

const levels = ['project', 'group', 'instance', 'subgroup'] as const;
/** One of several places of a public project for each installer in its turn. */
const openPlaces = ['project', 'group', 'instance'] as const;

async function publishAndInstall(
  [publisher, installer]: readonly [Publisher, Installer],
  level: string,
  told: Pick<PypiSetup, 'token' | 'username'>,
  carriers: { publish: string | undefined; install: string | undefined },
): Promise<void> {
  const user = await pythonUser();
  try {
    const pkg = pythonPackage({ name: freshName('owned'), size: 1_000 });
    const files = await writeDistributions(user.space, asWheel(pkg));
    const to = { endpoint: ground.endpoint('pypi', ground.project), ...told, carrier: carriers.publish };
    await succeeded(publish(user, publisher, to, files));
    const place = new Map(levelsOf(ground)).get(level);
    const from = { endpoint: ground.endpoint('pypi', place), ...told, carrier: carriers.install };
    await succeeded(install(user, installer, from, [pkg.name]));
    expect(await installed(user, installer, pkg)).toEqual(expected(pkg));
  } finally {
    await user.remove();
  }
}

/** The ways in which a client is told a user name and a token. */
const ways = (client: Publisher | Installer) => Object.keys(client.carriers).filter((way) => way !== 'token');

/**
 * uv, which starts at once, has every kind of token in every way and at every level. Of the others, what differs is only the
 * way: each has its turn, with one kind and one level after the other.
 */
function turnsOf([publisher, installer]: readonly [Publisher, Installer]) {
  const told = { publish: ways(publisher), install: ways(installer) };
  if (installer === uv) return pairwise({ kind: tokenKinds, level: levels, ...told });
  return Array.from({ length: Math.max(told.publish.length, told.install.length) }, (_, index) => ({
    kind: tokenKinds[index % tokenKinds.length] ?? 'personal',
    level: levels[index % levels.length] ?? 'project',
    publish: told.publish[index % told.publish.length],
    install: told.install[index % told.install.length],
  }));
}

for (const pair of pairs) {
  const [publisher] = pair;

  describeTool(publisher.tool, () => {
    test.for(turnsOf(pair))(
      'a $kind token publishes (told by $publish) and installs at $level (told by $install)',
      ({ kind, level, ...carriers }) =>
        publishAndInstall(pair, level, { token: ground.tokens[kind] }, carriers),
    );

    if (publisher === poetryPublish) return;
    test.for(['__token__', 'gitlab-ci-token'])(
      'an access token does with the user name %s',
      async (username) => {
        const told = { token: ground.tokens['project access'], username };
        await publishAndInstall(pair, 'group', told, { publish: undefined, install: undefined });
      },
    );
  });
}

describeTool(uv.tool, () => {
  test('an access token is all that uv needs to be told', async () => {
    const carriers = { publish: 'token', install: 'address' };
    await publishAndInstall([uvPublish, uv], 'project', { token: ground.tokens['group access'] }, carriers);
  });
});

for (const [index, client] of [pip26, uv, poetry].entries()) {
  const level = openPlaces[index] ?? 'project';
  describeTool(client.tool, () => {
    test(`installs from a public project without a token, at ${level}`, async () => {
      const user = await pythonUser();
      try {
        const pkg = pythonPackage({ name: freshName('open'), size: 1_000 });
        const files = await writeDistributions(user.space, asWheel(pkg));
        const to = {
          endpoint: ground.endpoint('pypi', ground.openProject),
          token: ground.tokens['group deploy'],
        };
        await succeeded(publish(user, uvPublish, to, files));
        const place = { project: ground.openProject, group: ground.group, instance: undefined }[level];
        const stranger = await pythonUser();
        await succeeded(install(stranger, client, { endpoint: ground.endpoint('pypi', place) }, [pkg.name]));
        expect(await installed(stranger, client, pkg)).toEqual(expected(pkg));
        await stranger.remove();
      } finally {
        await user.remove();
      }
    });
  });
}
