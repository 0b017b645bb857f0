import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { TestToken } from '../../kit/accounts.ts';
import { describeTool } from '../client.ts';
import { noise } from '../noise.ts';
import { once } from '../once.ts';
import { failed } from '../outcome.ts';
import { paste, shown } from '../paste.ts';
import { levelsOf, openPlayground, type Playground, tokenKinds } from '../playground.ts';
import { freshGroup, pathOfGroup } from './projects.ts';
import { type SbtProject, type SbtUser, sbt, sbtUser } from './sbt-client.ts';

const wrong: TestToken = { id: 0, username: 'nobody', secret: 'phat-this-is-no-token-of-ours' };
const group = freshGroup();
const jars = { base: noise(30_000), tool: noise(20_000), guarded: noise(10_000) };

let ground: Playground;
let url: string;
const users: SbtUser[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  url = ground.endpoint('maven', ground.project);
});
afterAll(async () => {
  await Promise.all(users.map(({ space }) => space.remove()));
  await ground?.remove();
});

/**
 * Runs a build as a new user; it continues after failures, and some projects must fail. Its root project has the
 * instructions shown to users, which publish `of-sbt` to the project or install it from the group.
 */
async function build(
  step: 'publish' | 'install',
  {
    projects,
    root = '',
    next = '',
  }: {
    readonly projects: Readonly<Record<string, SbtProject>>;
    readonly root?: string;
    readonly next?: string;
  },
): Promise<{ readonly user: SbtUser; readonly seen: string }> {
  const user = await sbtUser();
  users.push(user);
  for (const [name, bytes] of Object.entries({ ...jars, elsewhere: jars.base })) {
    await user.space.write(`${name}.jar`, bytes);
  }
  const owner = step === 'publish' ? ground.project : ground.group;
  const name = `${pathOfGroup(group)}/of-sbt`;
  const steps = ['setup', step] as const;
  const snippets = shown(ground, 'maven', { name, version: '1.0', client: 'sbt', steps, owner });
  const organization = step === 'publish' ? group : 'reader';
  const seen = await failed(
    paste(user.space, snippets, {
      secret: ground.tokens['project access'].secret,
      env: user.env,
      next,
      around: { 'build.sbt': (lines) => user.script(organization, `${root}\n${lines}`, projects) },
    }),
  );
  return { user, seen };
}

/** Publishes with one token, because Ivy uses one for each host: that of a project, which cannot publish to another. */
const published = once(() => {
  const token = ground.tokens['project access'];
  return build('publish', {
    root: 'name := "of-sbt"',
    projects: {
      base: { url, token },
      tool: { url, token, dependsOn: 'base' },
      guarded: { url, token },
      elsewhere: { url: ground.endpoint('maven', ground.openProject), token },
    },
  });
});

/** A project for each kind of token. */
function readers(): Record<string, SbtProject> {
  const owners = levelsOf(ground);
  const projects = tokenKinds.map((kind, index): [string, SbtProject] => {
    const from = ground.endpoint('maven', owners[index % owners.length]?.[1]);
    const needs = `"${group}" % "tool" % "${index % 2 === 0 ? '1.0' : '[1.0,2.0)'}"`;
    return [kind.replace(' ', '-'), { url: from, token: ground.tokens[kind], needs }];
  });
  return Object.fromEntries(projects);
}

/** The project's address with another host name: sbt also tries the credentials that other projects have for a host. */
const otherHost = () => url.replace('//127.0.0.1:', '//localhost:');

const installed = once(async () => {
  await published();
  const needs = `"${group}" % "guarded" % "1.0"`;
  return build('install', {
    root: 'externalResolvers := resolvers.value',
    projects: {
      ...readers(),
      anonymous: { url: otherHost(), token: undefined, needs },
      wrong: { url: otherHost(), token: wrong, needs },
      expired: { url: otherHost(), token: ground.expired, needs },
      missing: { url, token: ground.readOnly, needs: `"${group}" % "not-there" % "1.0"` },
    },
    next: 'sbt update',
  });
});

describeTool(sbt, () => {
  test('publishes a library and a package that needs it', async () => {
    await published();
    for (const [name, bytes] of Object.entries(jars)) {
      const path = `${pathOfGroup(group)}/${name}/1.0/${name}-1.0.jar`;
      const headers = { 'private-token': ground.readOnly.secret };
      const answer = await fetch(`${url}/${path}`, { headers });
      expect([name, answer.status, bytes.equals(Buffer.from(await answer.arrayBuffer()))]).toEqual([
        name,
        200,
        true,
      ]);
    }
  });

  test('shows why a publish is refused', async () => {
    const { seen } = await published();
    expect(seen).toMatch(/\(elsewhere \/ publish\).*?Server returned HTTP response code: 403/);
    expect(seen).not.toMatch(/\((?:base|tool|guarded) \/ publish\)/);
  });

  test('installs with every kind of token and from every level', async () => {
    const { user, seen } = await installed();
    for (const [reader, { url: from }] of Object.entries(readers())) {
      expect(seen).not.toContain(`(${reader.replace('-', '_')} / update)`);
      for (const name of ['base', 'tool'] as const) {
        const path = `${pathOfGroup(group)}/${name}/1.0/${name}-1.0.jar`;
        const bytes = await readFile(user.installed(from, path));
        expect([from, name, jars[name].equals(bytes)]).toEqual([from, name, true]);
      }
    }
  });

  test('publishes and installs with the instructions shown to users', async () => {
    const { user } = await installed();
    const names = readdirSync(join(user.space.home, 'installed'), { recursive: true, encoding: 'utf8' });
    expect(names.filter((name) => name.endsWith('of-sbt-1.0.jar'))).toHaveLength(1);
  });

  test.runIf(inject('registry').url.includes('//127.0.0.1:'))('shows why an install is refused', async () => {
    const { seen } = await installed();
    for (const name of ['anonymous', 'wrong', 'expired']) {
      expect(seen).toMatch(new RegExp(`\\(${name} / update\\).*?(?:unauthorized|401)`));
    }
    expect(seen).toMatch(/\(missing \/ update\).*?not found.*?not-there/);
  });
});
