import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshName, type TestToken } from '../../kit/accounts.ts';
import { pairwise } from '../../kit/pairwise.ts';
import { describeTool } from '../client.ts';
import { failed, succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { type NpmClient, type NpmSetup, type NpmUser, npmUser } from './npm-client.ts';
import { type WrittenPackage, writePackage } from './packages.ts';
import { newestClients } from './tools/all.ts';
import { npm12 } from './tools/npm.ts';

/** The words in which clients report a 401. */
const unauthorized =
  /401|Unauthorized|Unable to authenticate|Invalid authentication|need auth|No authentication configured|No token found|missing authentication/i;

let ground: Playground;
let registry: string;
let published: WrittenPackage;
const users: NpmUser[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  registry = ground.endpoint('npm', ground.project);
  const owner = await userOf(npm12, { token: ground.tokens.personal });
  published = await writePackage(owner.space, { name: freshName('taken'), version: '1.0.0', size: 1_000 });
  await succeeded(owner.publish(published));
});
afterAll(async () => {
  await Promise.all(users.map((user) => user.remove()));
  await ground?.remove();
});

async function userOf(client: NpmClient, setup: Partial<NpmSetup> = {}): Promise<NpmUser> {
  const user = await npmUser(client, { registry, ...setup });
  users.push(user);
  return user;
}

async function publishAs(user: NpmUser, name = freshName('refused'), size = 1_000): Promise<string> {
  const pkg = await writePackage(user.space, { name, version: '1.0.0', size });
  return failed(user.publish(pkg));
}

/** Checks that the output has nothing that only the authors of a server or client understand. */
function expectClear(seen: string): void {
  expect(seen).not.toMatch(
    /\[object Object\]|\bundefined\b|Internal Server Error|Unexpected token|ECONNRESET|EPIPE/,
  );
}

const wrong: TestToken = { id: 0, username: 'nobody', secret: 'phat-this-is-no-token-of-ours' };
const credentials = {
  'without a token': () => undefined,
  'with a wrong token': () => wrong,
  'with an expired token': () => ground.expired,
} as const;

/** Every client with every credential and every refused command, and every credential with every command. */
const refusals = pairwise({
  client: newestClients,
  credential: Object.keys(credentials) as (keyof typeof credentials)[],
  refused: ['an install (bearer)', 'an install (basic)', 'a publish'],
});

for (const client of newestClients) {
  describeTool(client.tool, () => {
    test.for(refusals.filter((each) => each.client === client))(
      'shows that $refused $credential is unauthorized',
      async ({ credential, refused }) => {
        const carrier = refused.includes('basic') ? 'basic' : 'bearer';
        const user = await userOf(client, { token: credentials[credential](), carrier });
        const seen = await (refused === 'a publish' ? publishAs(user) : failed(user.add(published.name)));
        expect(seen).toMatch(unauthorized);
        expectClear(seen);
      },
    );

    test('names a package that does not exist', async () => {
      const name = freshName('nothing');
      const user = await userOf(client, { token: ground.tokens.personal });
      const seen = await failed(user.add(name));
      expect(seen).toContain(name);
      expect(seen).toMatch(/404|not found/i);
      expectClear(seen);
    });

    test('reports that a version exists when it is published again', async () => {
      const user = await userOf(client, { token: ground.tokens.personal });
      const seen = await publishAs(user, published.name);
      expect(seen).toMatch(/Package already exists\.|cannot publish over the previously published version/);
    });

    test('shows why it may not publish with a read-only token', async () => {
      const user = await userOf(client, { token: ground.readOnly });
      const seen = await publishAs(user);
      expect(seen).toContain('The token has no scope for this request');
      expectClear(seen);
    });

    test('shows why a read-only token may not publish, also for a large package', async () => {
      const user = await userOf(client, { token: ground.readOnly });
      const seen = await publishAs(user, freshName('refused'), 12_000_000);
      expect(seen).toMatch(/The token has no scope for this request|413/);
      expectClear(seen);
    });
  });
}

describeTool(npm12.tool, () => {
  test('shows that packages must be published to a project when it publishes to a group', async () => {
    const setup = { registry: ground.endpoint('npm', ground.group), token: ground.tokens.personal };
    expect(await publishAs(await userOf(npm12, setup))).toContain('Publish to a project');
  });

  test('says which commands the registry does not support, and what to do instead', async () => {
    const user = await userOf(npm12, { token: ground.tokens.personal });
    for (const [command, why] of [
      ['access set status=private @acme/tool', 'a package is as visible as its project'],
      ['access list packages @acme', 'does not list packages by user, team or organization'],
      [`owner add somebody ${published.name}`, 'the members of a project have roles in it'],
      ['team ls @acme', 'groups and projects have members with roles'],
      ['profile set fullname me', 'does not let npm change a profile'],
    ] as const) {
      const seen = await failed(user.run(command.split(' ')));
      expect(seen).toContain(why);
      expect(seen).not.toMatch(/could not be found|E404|security policy/);
      expectClear(seen);
    }
  });

  test('names a version that does not exist', async () => {
    const user = await userOf(npm12, { token: ground.tokens.personal });
    const seen = await failed(user.add(`${published.name}@9.9.9`));
    expect(seen).toContain(published.name);
    expect(seen).toContain('9.9.9');
    expectClear(seen);
  });
});
