import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { TestToken } from '../../kit/accounts.ts';
import { describeTool } from '../client.ts';
import { once } from '../once.ts';
import { succeeded } from '../outcome.ts';
import { paste, shown } from '../paste.ts';
import { levelsOf, openPlayground, type Playground } from '../playground.ts';
import {
  errorIn,
  fetchTask,
  type Gradle8User,
  type GradleCarrier,
  type GradleRepository,
  gradle8,
  gradle8User,
  libraryScript,
  readerScript,
} from './gradle-8-client.ts';
import { freshGroup, pathOfGroup } from './projects.ts';

const wrong: TestToken = { id: 0, username: 'nobody', secret: 'phat-this-is-no-token-of-ours' };
const group = freshGroup();

let ground: Playground;
const users: Gradle8User[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(async () => {
  await Promise.all(users.map((user) => user.remove()));
  await ground?.remove();
});

async function newUser(): Promise<Gradle8User> {
  const user = await gradle8User();
  users.push(user);
  return user;
}

const project = (token: TestToken | undefined, carrier?: GradleCarrier): GradleRepository => ({
  url: ground.endpoint('maven', ground.project),
  token,
  ...(carrier && { carrier }),
});

/** Builds that publish, each with another carrier and kind of token; the last one needs the first. */
const publishing = (): Record<string, GradleRepository> => ({
  base: project(ground.tokens['project deploy'], 'Deploy-Token'),
  middle: project(ground.tokens.personal, 'Private-Token'),
  tool: project(ground.tokens['group access']),
});

const refusedPublishes = (): Record<string, GradleRepository> => ({
  anonymous: project(undefined),
  'wrong-basic': project(wrong),
  'wrong-header': project(wrong, 'Private-Token'),
  expired: project(ground.expired, 'Deploy-Token'),
  'read-only': project(ground.readOnly),
  'to-a-group': { url: ground.endpoint('maven', ground.group), token: ground.tokens.personal },
});

const published = once(async () => {
  const user = await newUser();
  const needs: Record<string, string> = { middle: `${group}:base:1.0`, tool: `${group}:middle:1.+` };
  const builds = { ...publishing(), ...refusedPublishes() };
  const scripts = Object.entries(builds).map(([name, to]) => [name, libraryScript(group, to, needs[name])]);
  return { user, ran: await user.runAll('publish', Object.fromEntries(scripts)) };
});

/** Builds that install the tool, from every level. */
const readers = (): Record<string, GradleRepository> =>
  Object.fromEntries(
    levelsOf(ground).map(([level, owner], index) => [
      `from-${level}`,
      {
        url: ground.endpoint('maven', owner),
        token: ground.tokens.personal,
        ...(index % 2 === 0 && { carrier: 'Private-Token' as const }),
      },
    ]),
  );

const refusedReaders = (): Record<string, GradleRepository> => ({
  'reads-anonymously': project(undefined),
  'reads-anonymously-in-group': { url: ground.endpoint('maven', ground.group), token: undefined },
  'reads-with-wrong': project(wrong),
  'reads-with-expired': project(ground.expired, 'Deploy-Token'),
});

const installed = once(async () => {
  await published();
  const user = await newUser();
  const missing = readerScript(project(ground.readOnly), `${group}:not-there:1.0`);
  // Refused builds come first: afterwards the files would be in the cache. They need what no other build reads.
  const refused = Object.entries(refusedReaders()).map(([name, from]) => [
    name,
    readerScript(from, `${group}:tool:1.0`),
  ]);
  const good = Object.entries(readers()).map(([name, from]) => [
    name,
    readerScript(from, `${group}:tool:1.0`),
  ]);
  const builds = { ...Object.fromEntries(refused), missing, ...Object.fromEntries(good) };
  return { user, ran: await user.runAll('fetch', builds) };
});

describeTool(gradle8, () => {
  test('publishes with tokens in a header or as password, with its module metadata', async () => {
    const { ran } = await published();
    for (const name of Object.keys(publishing())) {
      expect([name, errorIn(ran, name, 'publish')]).toEqual([name, undefined]);
      const path = `/projects/${ground.project.id}/packages?package_name=${pathOfGroup(group)}/${name}`;
      const [found] = (await ground.accounts.call('GET', path)) as unknown as { id: number }[];
      const files = await ground.accounts.call(
        'GET',
        `/projects/${ground.project.id}/packages/${found?.id}/package_files`,
      );
      const names = (files as unknown as { file_name: string }[]).map(({ file_name }) => file_name);
      expect(names.sort()).toEqual(
        ['-sources.jar', '.jar', '.module', '.pom'].map((ending) => `${name}-1.0${ending}`),
      );
    }
  });

  test('installs from every level, with the dependencies that the module metadata names', async () => {
    const { user: publisher } = await published();
    const { user, ran } = await installed();
    for (const name of Object.keys(readers())) {
      expect([name, errorIn(ran, name, 'fetch')]).toEqual([name, undefined]);
      const fetched = join(user.space.project, name, 'fetched');
      expect((await readdir(fetched)).sort()).toEqual(['base-1.0.jar', 'middle-1.0.jar', 'tool-1.0.jar']);
      const mine = await readFile(join(publisher.space.project, 'tool/build/libs/tool-1.0.jar'));
      expect(mine.equals(await readFile(join(fetched, 'tool-1.0.jar')))).toBe(true);
    }
  });

  test('shows why a publish is refused', async () => {
    const { ran } = await published();
    for (const name of Object.keys(refusedPublishes())) {
      const says =
        {
          'read-only': 'status code 403 from server: The token has no scope',
          'to-a-group': 'Publish to a project',
        }[name] ?? 'status code 401 from server: Unauthorized: the token is missing, wrong, expired';
      expect([name, errorIn(ran, name, 'publish')]).toEqual([name, expect.stringContaining(says)]);
    }
  });

  test('shows why an install is refused, or which module does not exist', async () => {
    const { ran } = await installed();
    for (const name of Object.keys(refusedReaders())) {
      expect([name, errorIn(ran, name, 'fetch')]).toEqual([
        name,
        expect.stringContaining('status code 401 from server'),
      ]);
    }
    expect(errorIn(ran, 'missing', 'fetch')).toContain(`Could not find ${group}:not-there:1.0`);
  });

  test('publishes and installs with the instructions shown to users', async () => {
    const secret = ground.tokens.personal.secret;
    const facts = { name: `${pathOfGroup(group)}/project`, version: '1.0', client: 'Gradle' };
    const own = (of: string) => `apply plugin: 'java'\ngroup = '${of}'; version = '1.0'\n`;
    const publisher = await newUser();
    await publisher.space.write('src/main/resources/shown.txt', 'shown');
    const publishing = { ...facts, owner: ground.project, steps: ['setup', 'publish'] as const };
    await succeeded(
      paste(publisher.space, shown(ground, 'maven', publishing), {
        secret,
        around: { 'build.gradle': (lines) => own(group) + lines },
      }),
    );
    const reader = await newUser();
    const installing = { ...facts, owner: ground.group, steps: ['setup', 'install'] as const };
    await succeeded(
      paste(reader.space, shown(ground, 'maven', installing), {
        secret,
        around: { 'build.gradle': (lines) => `${own('reader')}${lines}\n${fetchTask}` },
        next: 'gradle fetch',
      }),
    );
    const got = await readFile(join(reader.space.project, 'fetched/project-1.0.jar'));
    const built = await readFile(join(publisher.space.project, 'build/libs/project-1.0.jar'));
    expect(got.equals(built)).toBe(true);
  });
});
