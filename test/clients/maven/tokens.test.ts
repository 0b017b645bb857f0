import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { pairwise } from '../../kit/pairwise.ts';
import { describeTool, type Tool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { levelsOf, openPlayground, type Playground, tokenKinds } from '../playground.ts';
import { carriers, type MavenUser, maven3, mavenOfDebian, mavenUser, type Server } from './maven-client.ts';
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

/**
 * Every kind of token in every carrier and at every level, and all carriers with both Mavens: a server each in the settings, and
 * a module each in the project.
 */
const combinations = pairwise(
  {
    tool: [maven3, mavenOfDebian],
    kind: tokenKinds,
    carrier: carriers,
    level: ['project', 'subgroup', 'group', 'instance'],
  },
  { independent: [['tool', 'kind']] },
);
const serversOf = (tool: Tool) =>
  combinations
    .filter((each) => each.tool === tool)
    .map((each) => ({
      ...each,
      id: `${each.kind} ${each.carrier} ${each.level}`.toLowerCase().replaceAll(' ', '-'),
    }));

async function userOf(group: string, tool: Tool): Promise<MavenUser> {
  const servers = serversOf(tool);
  const user = await mavenUser(tool, {
    servers: servers.map(({ id, kind, carrier }): Server => ({ id, token: ground.tokens[kind], carrier })),
  });
  users.push(user);
  await user.space.write(
    'pom.xml',
    aggregate(
      group,
      servers.map(({ id }) => id),
    ),
  );
  return user;
}

for (const tool of [maven3, mavenOfDebian]) {
  describeTool(tool, () => {
    const group = freshGroup();
    const servers = serversOf(tool);

    test('deploys with every kind of token in every carrier', async () => {
      const user = await userOf(group, tool);
      const url = ground.endpoint('maven', ground.project);
      for (const { id } of servers) {
        await user.space.write(`${id}/pom.xml`, module({ group, artifact: id, deploy: { id, url } }));
        await user.space.write(`${id}/src/main/resources/${id}.txt`, `deployed by ${id}\n`);
      }
      await succeeded(user.mvn('deploy'));
    });

    test('installs the deployed modules with every kind of token in every carrier', async () => {
      const user = await userOf(group, tool);
      const owners = new Map(levelsOf(ground));
      for (const { id, level } of servers) {
        const url = ground.endpoint('maven', owners.get(level));
        await user.space.write(
          `${id}/pom.xml`,
          module({ group: `${group}.user`, artifact: id, needs: { group, artifact: id }, from: { id, url } }),
        );
        await user.space.write(`${id}/src/main/java/Main.java`, 'class Main {}');
      }
      await succeeded(user.mvn('compile'));
      for (const { id } of servers) {
        const jar = await user.local(`${pathOfGroup(group)}/${id}/1.0/${id}-1.0.jar`);
        expect(jar.includes(`${id}.txt`)).toBe(true);
      }
    });
  });
}
