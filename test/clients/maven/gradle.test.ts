import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { TestToken } from '../../kit/accounts.ts';
import { describeTool } from '../client.ts';
import { once } from '../once.ts';
import { failed } from '../outcome.ts';
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
let user: GradleUser | undefined;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
});
afterAll(async () => {
  await user?.space.remove();
  await ground?.remove();
});

/** Subprojects that publish, one with each kind of token. */
function publishing(url: string): Record<string, string> {
  const needsBase = "dependencies { compile project(':base') }\n";
  const libraries = tokenKinds.map((kind) => [
    nameOf(kind),
    publishScript(url, ground.tokens[kind]) + needsBase,
  ]);
  const personal = publishScript(url, ground.tokens.personal);
  return { base: personal, guarded: personal, ...Object.fromEntries(libraries) };
}

/** Subprojects that must not publish. */
const refusedPublishes = (url: string) => ({
  anonymous: publishScript(url, undefined),
  wrong: publishScript(url, wrong),
  expired: publishScript(url, ground.expired),
  'read-only': publishScript(url, ground.readOnly),
  'to-a-group': publishScript(ground.endpoint('maven', ground.group), ground.tokens.personal),
});

/** Subprojects that install what the others publish, one with each kind of token. */
function installing(): Record<string, string> {
  const owners = levelsOf(ground);
  const subprojects = tokenKinds.map((kind, index) => {
    const from = ground.endpoint('maven', owners[index % owners.length]?.[1]);
    const dependency = `${group}:${nameOf(kind)}:${index % 2 === 0 ? '1.0' : '1.+'}`;
    return [`needs-${nameOf(kind)}`, fetchScript(from, ground.tokens[kind], dependency)];
  });
  return Object.fromEntries(subprojects);
}

/**
 * Subprojects that must not install `guarded`, or need a module that does not exist. No other subproject needs `guarded`:
 * Gradle does not download a file again from the same address with another token.
 */
function refusedInstalls(url: string): Record<string, string> {
  const dependency = `${group}:guarded:1.0`;
  return {
    'reads-anonymously': fetchScript(url, undefined, dependency),
    'reads-anonymously-in-group': fetchScript(ground.endpoint('maven', ground.group), undefined, dependency),
    'reads-with-wrong': fetchScript(url, wrong, dependency),
    'reads-with-expired': fetchScript(url, ground.expired, dependency),
    'reads-missing': fetchScript(url, ground.readOnly, `${group}:not-there:1.0`),
  };
}

/** Publishes and installs all of these in one build, which continues after failures. */
const built = once(async () => {
  const url = ground.endpoint('maven', ground.project);
  user = await gradleUser();
  const { space, env, command } = user;
  const parts = [publishing(url), refusedPublishes(url), installing(), refusedInstalls(url)];
  await user.write(Object.assign({}, ...parts));
  await space.write('build.gradle', `subprojects { group = '${group}'; version = '1.0' }\n`);
  const seen = await failed(space.run([...command, ...publishTasks, 'fetch'], { env, timeoutMs: 170_000 }));
  return { seen, folder: space.project };
});

/** The error of a subproject that failed; undefined for one that did not. */
async function errorOf(name: string): Promise<string | undefined> {
  const { seen } = await built();
  return new RegExp(`Execution failed for task ':${name}:.*?\\* Try`).exec(seen)?.[0];
}

describeTool(gradle, () => {
  test('publishes with every kind of token', async () => {
    for (const name of ['base', 'guarded', ...tokenKinds.map(nameOf)]) {
      expect([name, await errorOf(name)]).toEqual([name, undefined]);
    }
  });

  test('installs with every kind of token and from every level, also a version such as 1.+', async () => {
    const { folder } = await built();
    for (const name of tokenKinds.map(nameOf)) {
      const fetched = join(folder, 'fetched', `needs-${name}`);
      expect((await readdir(fetched)).sort()).toEqual([`${name}-1.0.jar`, 'base-1.0.jar'].sort());
      for (const each of [name, 'base']) {
        const file = `${each}-1.0.jar`;
        const mine = await readFile(join(folder, each, 'build/libs', file));
        expect([name, each, mine.equals(await readFile(join(fetched, file)))]).toEqual([name, each, true]);
      }
    }
  });

  test('shows why a publish is refused', async () => {
    for (const name of ['anonymous', 'wrong', 'expired']) {
      expect([name, await errorOf(name)]).toEqual([
        name,
        expect.stringMatching(
          /status code 401 from server: Unauthorized: the token is missing, wrong, expired/,
        ),
      ]);
    }
    expect(await errorOf('read-only')).toContain(
      'status code 403 from server: The token has no scope for this request',
    );
    expect(await errorOf('to-a-group')).toContain('status code 405 from server: Publish to a project');
  });

  test('shows why an install is refused', async () => {
    for (const name of ['anonymously', 'anonymously-in-group', 'with-wrong', 'with-expired']) {
      expect([name, await errorOf(`reads-${name}`)]).toEqual([
        name,
        expect.stringContaining('status code 401 from server'),
      ]);
    }
    expect(await errorOf('reads-missing')).toContain(`Could not find ${group}:not-there:1.0`);
  });
});
