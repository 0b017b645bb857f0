import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshName } from '../../kit/accounts.ts';
import { pairwise } from '../../kit/pairwise.ts';
import { describeTool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { untilFound } from '../until-found.ts';
import { abilities, type NpmClient, type NpmUser, npmUser } from './npm-client.ts';
import { type NpmPackage, writePackage } from './packages.ts';
import { newestClients, npmClients } from './tools/all.ts';
import { npm12 } from './tools/npm.ts';

let ground: Playground;
let pkg: NpmPackage;
let word: string;
let registries: readonly string[];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  word = freshName('findable');
  pkg = { name: `@${ground.group.fullPath}/${word}`, version: '1.2.3', keywords: ['needle'], size: 1_000 };
  registries = [ground.project, ground.group, undefined].map((owner) => ground.endpoint('npm', owner));
  const owner = await npmUser(npm12, { registry: registries[0] ?? '', token: ground.tokens.personal });
  await succeeded(owner.publish(await writePackage(owner.space, pkg)));
  await owner.remove();
  const search = `${ground.endpoint('npm')}/-/v1/search?text=${word}`;
  await untilFound(search, ground.tokens.personal.secret, pkg.name);
});
afterAll(() => ground?.remove());

/** Each client runs each of its commands at some level, and the clients together run each command at every level. */
const looks = pairwise(
  { client: newestClients, ability: ['view', 'search', 'whoami', 'ping', 'audit'], level: [0, 1, 2] },
  { possible: ({ client, ability }) => ability in client.can },
);

/** Runs `work` as a new user of a client, at the levels chosen for the client and the command. */
async function look(
  client: NpmClient,
  ability: (typeof looks)[number]['ability'],
  work: (user: NpmUser) => Promise<void>,
): Promise<void> {
  const levels = looks.filter((each) => each.client === client && each.ability === ability);
  expect(levels).not.toEqual([]);
  for (const { level } of levels) {
    const user = await npmUser(client, { registry: registries[level] ?? '', token: ground.tokens.personal });
    try {
      await work(user);
    } finally {
      await user.remove();
    }
  }
}

for (const client of npmClients) {
  const { can } = client;
  describeTool(client.tool, () => {
    test('supports each command or states why not', () => {
      const settled = abilities.filter((ability) => ability in can !== ability in client.cannot);
      expect(settled).toEqual(abilities);
    });
  });
}

for (const client of newestClients) {
  const { can } = client;
  describeTool(client.tool, () => {
    test('shows a package', () =>
      look(client, 'view', async (user) => {
        const { seen } = await succeeded(user.use('view', pkg.name));
        expect(seen).toContain(pkg.name);
        expect(seen).toContain('1.2.3');
        expect(seen).toContain('needle');
        expect(seen).toContain(`A package of the tests, ${pkg.name}`);
      }));

    if (can.search) {
      test('finds a package by a word of its name', () =>
        look(client, 'search', async (user) => {
          const { seen } = await succeeded(user.use('search', word));
          expect(seen).toContain(pkg.name);
          expect(seen).toContain('1.2.3');
        }));
    }

    if (can.whoami) {
      test('shows the name of its user', () =>
        look(client, 'whoami', async (user) => {
          const { seen } = await succeeded(user.use('whoami'));
          expect(seen).toContain(ground.tokens.personal.username);
        }));
    }

    if (can.ping) {
      test('gets a response to ping', () =>
        look(client, 'ping', async (user) => {
          expect((await succeeded(user.use('ping'))).seen).toContain('PONG');
        }));
    }

    if (can.audit) {
      test('finds no vulnerabilities in an audit', () =>
        look(client, 'audit', async (user) => {
          await succeeded(user.add(pkg.name));
          const { seen } = await succeeded(user.use('audit'));
          expect(seen).toMatch(
            /found 0 vulnerabilities|No (known )?vulnerabilities found|No audit suggestions/,
          );
        }));
    }
  });
}

describeTool(npm12.tool, () => {
  test('does not find a private package for a user without access', async () => {
    const token = await ground.accounts.personalToken(await ground.accounts.user());
    const user = await npmUser(npm12, { registry: ground.endpoint('npm'), token });
    const { seen } = await succeeded(user.use('search', word));
    expect(seen).not.toContain(pkg.name);
    await user.remove();
  });
});
