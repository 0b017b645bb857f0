import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { describeTool } from '../client.ts';
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

/** Every kind of token in every carrier: a server each in the settings, and a module each in the project. */
const servers = tokenKinds.flatMap((kind) =>
  carriers.map((carrier) => ({ id: `${kind} ${carrier}`.toLowerCase().replaceAll(' ', '-'), kind, carrier })),
);

async function userOf(group: string, tool = maven3): Promise<MavenUser> {
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

    test('every kind of token, in every carrier, deploys', async () => {
      const user = await userOf(group, tool);
      const url = ground.endpoint('maven', ground.project);
      for (const { id } of servers) {
        await user.space.write(`${id}/pom.xml`, module({ group, artifact: id, deploy: { id, url } }));
        await user.space.write(`${id}/src/main/resources/${id}.txt`, `deployed by ${id}\n`);
      }
      await succeeded(user.mvn('deploy'));
    });

    test('every kind of token, in every carrier, installs what was deployed', async () => {
      const user = await userOf(group, tool);
      const places = levelsOf(ground);
      for (const [index, { id }] of servers.entries()) {
        const url = ground.endpoint('maven', places[index % places.length]?.[1]);
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
