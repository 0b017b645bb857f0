import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { TestToken } from '../../kit/accounts.ts';
import { describeTool, type Tool } from '../client.ts';
import { failed, succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { type Carrier, type MavenUser, maven3, maven4, mavenOfDebian, mavenUser } from './maven-client.ts';
import { aggregate, module } from './modules.ts';
import { freshGroup, pathOfGroup } from './projects.ts';

let ground: Playground;
const users: MavenUser[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(async () => {
  await Promise.all(users.map((user) => user.remove()));
  await ground?.remove();
});

const wrong: TestToken = { id: 0, username: 'nobody', secret: 'phat-this-is-no-token-of-ours' };

/** A module that must fail: its token, its address, and the error that its user must see. */
interface Attempt {
  readonly token: TestToken | undefined;
  readonly carrier: Carrier;
  readonly url: string;
  readonly artifact?: string;
  readonly sees: RegExp;
}

/** Maven 4 tries wrong credentials three times, and then reports only its attempts. */
const unauthorized = /401|Unauthorized|too many authentication attempts/;

/** Runs one build with a module for each attempt, which continues after failures; returns the error of each. */
async function outcomes(
  tool: Tool,
  group: string,
  attempts: Readonly<Record<string, Attempt>>,
  phase: 'deploy' | 'compile',
): Promise<Map<string, string>> {
  const all = Object.entries(attempts);
  const user = await mavenUser(tool, {
    servers: all.flatMap(([id, { token, carrier }]) => (token ? [{ id, token, carrier }] : [])),
  });
  users.push(user);
  const names = all.map(([id]) => id);
  await user.space.write('pom.xml', aggregate(group, names));
  for (const [id, { url, artifact = 'there' }] of all) {
    const repository = { id, url };
    await user.space.write(
      `${id}/pom.xml`,
      phase === 'deploy'
        ? module({ group, artifact: id, deploy: repository })
        : module({ group: `${group}.user`, artifact: id, needs: { group, artifact }, from: repository }),
    );
    await user.space.write(`${id}/src/main/java/Main.java`, 'class Main {}');
  }
  const seen = await failed(user.mvn('--fail-at-end', phase));
  const errors = seen.split('Failed to execute goal').slice(1);
  return new Map(
    names.map((id) => [id, errors.filter((text) => text.includes(` on project ${id}:`)).join('\n')]),
  );
}

/** What a user must never see. */
const unclear = /Internal Server Error|NullPointer|\bundefined\b|\[object Object\]|Connection reset/;

async function expectRefusals(
  tool: Tool,
  group: string,
  attempts: Readonly<Record<string, Attempt>>,
  phase: 'deploy' | 'compile',
): Promise<void> {
  const seen = await outcomes(tool, group, attempts, phase);
  for (const [id, { sees }] of Object.entries(attempts)) {
    expect([id, seen.get(id)]).toEqual([id, expect.stringMatching(sees)]);
    expect(seen.get(id)).not.toMatch(unclear);
  }
}

for (const tool of [maven3, maven4, mavenOfDebian]) {
  describeTool(tool, () => {
    const group = freshGroup();

    test('shows why a deploy is refused', async () => {
      const url = ground.endpoint('maven', ground.project);
      const inGroup = ground.endpoint('maven', ground.group);
      // Maven 4.0.0-rc-4 shows only the status of a failed deploy.
      const says = (words: RegExp, status: number) =>
        tool === maven4 ? new RegExp(`HTTP Status: ${status}`) : words;
      const readOnly = says(/The token has no scope for this request/, 403);
      await expectRefusals(
        tool,
        group,
        {
          anonymous: { token: undefined, carrier: 'Basic', url, sees: unauthorized },
          'wrong-header': { token: wrong, carrier: 'Private-Token', url, sees: unauthorized },
          'wrong-basic': { token: wrong, carrier: 'Basic', url, sees: unauthorized },
          'expired-header': { token: ground.expired, carrier: 'Deploy-Token', url, sees: unauthorized },
          'expired-basic': { token: ground.expired, carrier: 'Basic', url, sees: unauthorized },
          'read-only-header': { token: ground.readOnly, carrier: 'Deploy-Token', url, sees: readOnly },
          'read-only-basic': { token: ground.readOnly, carrier: 'Basic', url, sees: readOnly },
          'to-a-group': {
            token: ground.tokens.personal,
            carrier: 'Private-Token',
            url: inGroup,
            sees: says(/Publish to a project/, 405),
          },
        },
        'deploy',
      );
    });

    describe('installing deployed modules', () => {
      test('shows why it is refused, or which module does not exist', async () => {
        const url = ground.endpoint('maven', ground.project);
        const inGroup = ground.endpoint('maven', ground.group);
        const token = ground.tokens.personal;
        const user = await mavenUser(tool, { servers: [{ id: 'packhouse', token, carrier: 'Basic' }] });
        users.push(user);
        const artifacts = ['there', 'deleted'];
        await user.space.write('pom.xml', aggregate(group, artifacts));
        for (const artifact of artifacts) {
          const pom = module({ group, artifact, deploy: { id: 'packhouse', url } });
          await user.space.write(`${artifact}/pom.xml`, pom);
        }
        await succeeded(user.mvn('deploy'));
        await ground.deletePackage(`${pathOfGroup(group)}/deleted`);
        await expectRefusals(
          tool,
          group,
          {
            anonymous: { token: undefined, carrier: 'Basic', url, sees: unauthorized },
            'anonymous-in-group': { token: undefined, carrier: 'Basic', url: inGroup, sees: unauthorized },
            'wrong-header': { token: wrong, carrier: 'Job-Token', url, sees: unauthorized },
            'wrong-basic': { token: wrong, carrier: 'Basic', url, sees: unauthorized },
            'expired-header': {
              token: ground.expired,
              carrier: 'Private-Token',
              url: inGroup,
              sees: unauthorized,
            },
            'expired-basic': { token: ground.expired, carrier: 'Basic', url, sees: unauthorized },
            missing: {
              token: ground.readOnly,
              carrier: 'Basic',
              url,
              artifact: 'not-there',
              sees: /Could not find artifact \S+:not-there:/,
            },
            deleted: {
              token: ground.readOnly,
              carrier: 'Basic',
              url,
              artifact: 'deleted',
              sees: /Could not find artifact \S+:deleted:/,
            },
          },
          'compile',
        );
      });
    });
  });
}
