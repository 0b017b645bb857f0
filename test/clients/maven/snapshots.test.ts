import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { describeTool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { type MavenUser, maven3, mavenUser } from './maven-client.ts';
import { freshGroup, pathOfGroup, writeProject } from './projects.ts';

const version = '1.0.0-SNAPSHOT';

let ground: Playground;
const users: MavenUser[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(async () => {
  await Promise.all(users.map((user) => user.remove()));
  await ground?.remove();
});

async function userIn(group: string): Promise<MavenUser> {
  const user = await mavenUser(maven3, {
    servers: [{ id: 'packhouse', token: ground.tokens['project deploy'], carrier: 'Basic' }],
    repositories: [{ id: 'packhouse', url: ground.endpoint('maven', ground.group) }],
    pluginGroups: [group],
  });
  users.push(user);
  return user;
}

/** A user with the project, in which the library returns `variety`. */
async function developerOf(group: string, variety: string): Promise<MavenUser> {
  const user = await userIn(group);
  await writeProject(user.space, 'project', { group, version });
  const source = (words: string) => `package ${group};
    public final class Apple { public static String variety() { return "${words}"; } }`;
  await user.space.write('library/src/main/java/com/example/orchard/Apple.java', source(variety));
  return user;
}

function deploy(user: MavenUser) {
  return user.mvn('-T4', 'deploy', `-Dpackhouse.url=${ground.endpoint('maven', ground.project)}`);
}

/** Builds a user's program with the newest snapshots; returns what it prints. */
async function picked(user: MavenUser, group: string): Promise<string> {
  await succeeded(user.mvn('-U', 'compile', 'orchard:greet'));
  const local = `${user.space.home}/.m2/repository/${pathOfGroup(group)}`;
  const jars = ['app', 'library'].map((name) => `${local}/${name}/${version}/${name}-${version}.jar`);
  const path = ['target/classes', ...jars].join(':');
  return (await succeeded(user.space.run(['java', '-cp', path, 'com.example.basket.Basket']))).stdout.trim();
}

async function filesOf(group: string, artifact: string): Promise<string[]> {
  const path = `/projects/${ground.project.id}/packages`;
  const name = `${pathOfGroup(group)}/${artifact}`;
  const found = await ground.accounts.call('GET', `${path}?package_name=${encodeURIComponent(name)}`);
  const packages = found as unknown as { id: number }[];
  expect(packages).toHaveLength(1);
  const files = await ground.accounts.call('GET', `${path}/${packages[0]?.id}/package_files?per_page=100`);
  return (files as unknown as { file_name: string }[]).map(({ file_name }) => file_name);
}

describeTool(maven3, () => {
  test('numbers snapshots, and builds with the newest one', async () => {
    const group = freshGroup();
    const developer = await developerOf(group, 'Boskoop');
    const consumer = await userIn(group);
    await writeProject(consumer.space, 'consumer', { group, version });
    await succeeded(deploy(developer));
    expect(await picked(consumer, group)).toBe('picked Boskoop');
    await developer.space.write(
      'library/src/main/java/com/example/orchard/Apple.java',
      `package ${group}; public final class Apple { public static String variety() { return "Elstar"; } }`,
    );
    await succeeded(deploy(developer));
    expect(await picked(consumer, group)).toBe('picked Elstar');
    const numbers = (await filesOf(group, 'library')).map((name) => /\d{8}\.\d{6}-(\d+)/.exec(name)?.[1]);
    expect(numbers.sort()).toEqual(['1', '1', '1', '2', '2', '2']);
  });

  test('loses no file when two users deploy one snapshot concurrently', async () => {
    const group = freshGroup();
    const developers = await Promise.all(['Gala', 'Fuji'].map((variety) => developerOf(group, variety)));
    await Promise.all(developers.map((developer) => succeeded(deploy(developer))));
    for (const artifact of ['library', 'app', 'orchard-maven-plugin']) {
      const files = await filesOf(group, artifact);
      // Both may take the same number, even in the same second.
      const builds = new Set(files.map((name) => /\d{8}\.\d{6}-\d+/.exec(name)?.[0]));
      for (const build of builds) {
        const start = `${artifact}-1.0.0-${build}`;
        const names = [`${start}-sources.jar`, `${start}.jar`, `${start}.pom`];
        expect(files).toEqual(expect.arrayContaining(names));
      }
    }
    const consumer = await userIn(group);
    await writeProject(consumer.space, 'consumer', { group, version });
    expect(await picked(consumer, group)).toMatch(/^picked (?:Gala|Fuji)$/);
  });
});
