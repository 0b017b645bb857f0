import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { TestToken } from '../../kit/accounts.ts';
import { describeTool } from '../client.ts';
import { noise } from '../noise.ts';
import { failed, succeeded } from '../outcome.ts';
import { levelsOf, openPlayground, type Playground, tokenKinds } from '../playground.ts';
import { freshGroup, pathOfGroup } from './projects.ts';
import { type SbtProject, type SbtUser, sbt, sbtUser } from './sbt-client.ts';

const wrong: TestToken = { id: 0, username: 'nobody', secret: 'phat-this-is-no-token-of-ours' };
const group = freshGroup();
const jars = { base: noise(30_000), tool: noise(20_000) };

let ground: Playground;
let url: string;
const users: SbtUser[] = [];
async function newUser(): Promise<SbtUser> {
  const user = await sbtUser();
  users.push(user);
  return user;
}
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  url = ground.endpoint('maven', ground.project);
});
afterAll(async () => {
  await Promise.all(users.map(({ space }) => space.remove()));
  await ground?.remove();
});

describeTool(sbt, () => {
  test('publishes a library and a package that needs it', async () => {
    const user = await newUser();
    const token = ground.tokens.personal;
    await user.write(group, {
      base: { url, token },
      tool: { url, token, needs: `"${group}" % "base" % "1.0"` },
    });
    for (const [name, bytes] of Object.entries(jars)) await user.space.write(`${name}.jar`, bytes);
    await succeeded(user.sbt('base/publish', 'tool/publish'));
  });

  test('installs with every kind of token and from every level', async () => {
    const user = await newUser();
    const owners = levelsOf(ground);
    const projects = tokenKinds.map((kind, index): [string, SbtProject] => {
      const from = ground.endpoint('maven', owners[index % owners.length]?.[1]);
      const needs = `"${group}" % "tool" % "${index % 2 === 0 ? '1.0' : '[1.0,2.0)'}"`;
      return [kind.replace(' ', '-'), { url: from, token: ground.tokens[kind], needs }];
    });
    await user.write('reader', Object.fromEntries(projects));
    await succeeded(user.sbt('update'));
    for (const [, { url: from }] of projects) {
      for (const [name, bytes] of Object.entries(jars)) {
        const path = `${pathOfGroup(group)}/${name}/1.0/${name}-1.0.jar`;
        expect([from, bytes.equals(await readFile(user.installed(from, path)))]).toEqual([from, true]);
      }
    }
  });

  test('shows why an install is refused', async () => {
    const user = await newUser();
    const needs = `"${group}" % "base" % "1.0"`;
    await user.write(group, {
      anonymous: { url, token: undefined, needs },
      wrong: { url, token: wrong, needs },
      expired: { url, token: ground.expired, needs },
      missing: { url, token: ground.readOnly, needs: `"${group}" % "not-there" % "1.0"` },
    });
    const seen = await failed(user.sbt('update'));
    for (const name of ['anonymous', 'wrong', 'expired']) {
      expect(seen).toMatch(new RegExp(`\\(${name} / update\\).*?(?:unauthorized|401)`));
    }
    expect(seen).toMatch(/\(missing \/ update\).*?not found.*?not-there/);
  });

  test('shows why a publish is refused', async () => {
    const user = await newUser();
    await user.write(group, { 'read-only': { url, token: ground.readOnly } });
    await user.space.write('read-only.jar', jars.base);
    expect(await failed(user.sbt('read_only/publish'))).toContain('Server returned HTTP response code: 403');
  });
});
