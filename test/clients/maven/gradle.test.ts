import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { TestToken } from '../../kit/accounts.ts';
import { describeTool } from '../client.ts';
import { failed, succeeded } from '../outcome.ts';
import { levelsOf, openPlayground, type Playground, tokenKinds } from '../playground.ts';
import {
  fetchScript,
  type GradleUser,
  gradle,
  gradleUser,
  publishScript,
  publishTasks,
} from './gradle-client.ts';
import { freshGroup } from './projects.ts';

const wrong: TestToken = { id: 0, username: 'nobody', secret: 'phat-this-is-no-token-of-ours' };
const group = freshGroup();
const nameOf = (kind: string) => kind.replace(' ', '-');

let ground: Playground;
let publisher: GradleUser;
let url: string;
const users: GradleUser[] = [];
async function newUser(): Promise<GradleUser> {
  const user = await gradleUser();
  users.push(user);
  return user;
}
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  url = ground.endpoint('maven', ground.project);
  if (!gradle.missing) publisher = await newUser();
});
afterAll(async () => {
  await Promise.all(users.map(({ space }) => space.remove()));
  await ground?.remove();
});

describeTool(gradle, () => {
  test('publishes with every kind of token', async () => {
    const needsBase = "dependencies { compile project(':base') }\n";
    const libraries = tokenKinds.map((kind) => [
      nameOf(kind),
      publishScript(url, ground.tokens[kind]) + needsBase,
    ]);
    const base = publishScript(url, ground.tokens.personal);
    await publisher.write(group, { base, ...Object.fromEntries(libraries) });
    await succeeded(publisher.gradle(...publishTasks));
  });

  test('installs with every kind of token and from every level, also a version such as 1.+', async () => {
    const reader = await newUser();
    const owners = levelsOf(ground);
    const subprojects = tokenKinds.map((kind, index) => {
      const from = ground.endpoint('maven', owners[index % owners.length]?.[1]);
      const version = index % 2 === 0 ? '1.0' : '1.+';
      return [nameOf(kind), fetchScript(from, ground.tokens[kind], `${group}:${nameOf(kind)}:${version}`)];
    });
    await reader.write('reader', Object.fromEntries(subprojects));
    await succeeded(reader.gradle('fetch'));
    for (const kind of tokenKinds) {
      const name = nameOf(kind);
      const folder = join(reader.space.project, 'fetched', name);
      expect((await readdir(folder)).sort()).toEqual([`${name}-1.0.jar`, 'base-1.0.jar'].sort());
      for (const each of [name, 'base']) {
        const built = join(publisher.space.project, each, 'build/libs', `${each}-1.0.jar`);
        const [mine, fetched] = await Promise.all([
          readFile(built),
          readFile(join(folder, `${each}-1.0.jar`)),
        ]);
        expect([kind, each, mine.equals(fetched)]).toEqual([kind, each, true]);
      }
    }
  });

  test('shows why a publish is refused', async () => {
    const user = await newUser();
    await user.write(group, {
      anonymous: publishScript(url, undefined),
      wrong: publishScript(url, wrong),
      expired: publishScript(url, ground.expired),
      'read-only': publishScript(url, ground.readOnly),
      'to-a-group': publishScript(ground.endpoint('maven', ground.group), ground.tokens.personal),
    });
    const seen = await failed(user.gradle(...publishTasks));
    const errorOf = (name: string) =>
      new RegExp(`Execution failed for task ':${name}:.*?\\* Try`).exec(seen)?.[0];
    for (const name of ['anonymous', 'wrong', 'expired']) {
      expect([name, errorOf(name)]).toEqual([
        name,
        expect.stringMatching(
          /status code 401 from server: Unauthorized: the token is missing, wrong, expired/,
        ),
      ]);
    }
    expect(errorOf('read-only')).toContain(
      'status code 403 from server: The token has no scope for this request',
    );
    expect(errorOf('to-a-group')).toContain('status code 405 from server: Publish to a project');
  });

  test('shows why an install is refused', async () => {
    const user = await newUser();
    const dependency = `${group}:base:1.0`;
    await user.write('reader', {
      anonymous: fetchScript(url, undefined, dependency),
      'anonymous-in-group': fetchScript(ground.endpoint('maven', ground.group), undefined, dependency),
      wrong: fetchScript(url, wrong, dependency),
      expired: fetchScript(url, ground.expired, dependency),
      missing: fetchScript(url, ground.readOnly, `${group}:not-there:1.0`),
    });
    const seen = await failed(user.gradle('fetch'));
    const errorOf = (name: string) =>
      new RegExp(`Execution failed for task ':${name}:.*?\\* Try`).exec(seen)?.[0];
    for (const name of ['anonymous', 'anonymous-in-group', 'wrong', 'expired']) {
      expect([name, errorOf(name)]).toEqual([name, expect.stringContaining('status code 401 from server')]);
    }
    expect(errorOf('missing')).toContain(`Could not find ${group}:not-there:1.0`);
  });
});
