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
import { hatch, hatchPublish } from './tools/hatch.ts';
import { pip26 } from './tools/pip.ts';
import { pipenv } from './tools/pipenv.ts';
import { poetry, poetryPublish } from './tools/poetry.ts';
import { twine7 } from './tools/twine.ts';
import { uv, uvPublish } from './tools/uv.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(() => ground?.remove());

/** Clients that publish and install with one token, which they are given in similar ways. */
const pairs: readonly (readonly [Publisher, Installer])[] = [
  [twine7, pip26],
  [uvPublish, uv],
  [poetryPublish, poetry],
  [hatchPublish, hatch],
  [hatchPublish, pipenv],
];

const levels = ['project', 'group', 'instance', 'subgroup'] as const;
/** The levels at which installers read a public project without a token: one per installer, in turn. */
const openLevels = ['project', 'group', 'instance'] as const;

async function publishAndInstall(
  [publisher, installer]: readonly [Publisher, Installer],
  level: string,
  credentials: Pick<PypiSetup, 'token' | 'username'>,
  carriers: { publish: string | undefined; install: string | undefined },
): Promise<void> {
  const user = await pythonUser();
  try {
    const pkg = pythonPackage({ name: freshName('owned'), size: 1_000 });
    const files = await writeDistributions(user.space, asWheel(pkg));
    const to = {
      endpoint: ground.endpoint('pypi', ground.project),
      ...credentials,
      carrier: carriers.publish,
    };
    await succeeded(publish(user, publisher, to, files));
    const owner = new Map(levelsOf(ground)).get(level);
    const from = { endpoint: ground.endpoint('pypi', owner), ...credentials, carrier: carriers.install };
    await succeeded(install(user, installer, from, [pkg.name]));
    expect(await installed(user, installer, pkg)).toEqual(expected(pkg));
  } finally {
    await user.remove();
  }
}

/** The ways to give a client a user name and a token. */
const ways = (client: Publisher | Installer) => Object.keys(client.carriers).filter((way) => way !== 'token');

/**
 * uv, which starts fast, combines every kind of token with every way and every level. The others differ only in the ways:
 * they use each way once, with the kinds and levels in turn.
 */
function turnsOf([publisher, installer]: readonly [Publisher, Installer]) {
  const carriers = { publish: ways(publisher), install: ways(installer) };
  if (installer === uv) return pairwise({ kind: tokenKinds, level: levels, ...carriers });
  return Array.from({ length: Math.max(carriers.publish.length, carriers.install.length) }, (_, index) => ({
    kind: tokenKinds[index % tokenKinds.length] ?? 'personal',
    level: levels[index % levels.length] ?? 'project',
    publish: carriers.publish[index % carriers.publish.length],
    install: carriers.install[index % carriers.install.length],
  }));
}

for (const pair of pairs) {
  const [publisher, installer] = pair;

  describeTool(installer === pipenv ? installer.tool : publisher.tool, () => {
    test.for(turnsOf(pair))(
      'publishes with a $kind token (given by $publish) and installs at $level (given by $install)',
      ({ kind, level, ...carriers }) =>
        publishAndInstall(pair, level, { token: ground.tokens[kind] }, carriers),
    );

    if (publisher === poetryPublish || publisher === hatchPublish) return;
    test.for(['__token__', 'gitlab-ci-token'])(
      'publishes and installs with an access token under the user name %s',
      async (username) => {
        const credentials = { token: ground.tokens['project access'], username };
        await publishAndInstall(pair, 'group', credentials, { publish: undefined, install: undefined });
      },
    );
  });
}

describeTool(uv.tool, () => {
  test('publishes and installs with an access token and no user name of its own', async () => {
    const carriers = { publish: 'token', install: 'address' };
    await publishAndInstall([uvPublish, uv], 'project', { token: ground.tokens['group access'] }, carriers);
  });
});

for (const [index, client] of [pip26, uv, poetry].entries()) {
  const level = openLevels[index] ?? 'project';
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
        const owner = { project: ground.openProject, group: ground.group, instance: undefined }[level];
        const stranger = await pythonUser();
        await succeeded(install(stranger, client, { endpoint: ground.endpoint('pypi', owner) }, [pkg.name]));
        expect(await installed(stranger, client, pkg)).toEqual(expected(pkg));
        await stranger.remove();
      } finally {
        await user.remove();
      }
    });
  });
}
