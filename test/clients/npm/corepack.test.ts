import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { TestToken } from '../../kit/accounts.ts';
import { describeTool, makeWorkspace, nodeTool, type Workspace } from '../client.ts';
import { failed, succeeded } from '../outcome.ts';
import { levelsOf, openPlayground, type Playground } from '../playground.ts';
import { npmUser } from './npm-client.ts';
import { npm12 } from './tools/npm.ts';

/** Corepack, which fetches the package manager that a project names, and runs it. */
const corepack = nodeTool('corepack', 'corepack', 'dist/corepack.js');

/** A stand-in for pnpm: Corepack only looks at the name, and at the file that it starts. */
const version = '10.99.1';
const manager = {
  'package.json': JSON.stringify({ name: 'pnpm', version, bin: { pnpm: 'bin/pnpm.cjs' } }),
  'bin/pnpm.cjs': `console.log('pnpm ${version} of ours', process.argv.slice(2).join(' '));\n`,
};

let ground: Playground;
const spaces: Workspace[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  if (corepack.missing) return;
  const registry = ground.endpoint('npm', ground.project);
  const publisher = await npmUser(npm12, { registry, token: ground.tokens.personal }, manager);
  await succeeded(publisher.run(['publish']));
  await publisher.remove();
});
afterAll(async () => {
  await Promise.all(spaces.map((space) => space.remove()));
  await ground?.remove();
});

/** A new user in a project, and the variables that users of another registry set. */
async function userOf(
  registry: string,
  token: TestToken | undefined,
  carrier: 'token' | 'password' = 'token',
) {
  const space = await makeWorkspace({ corepack });
  spaces.push(space);
  await space.write('package.json', '{ "name": "app", "private": true }');
  const { username = '', secret = '' } = token ?? {};
  const env = {
    COREPACK_NPM_REGISTRY: registry,
    // Only the public registry signs what it serves.
    COREPACK_INTEGRITY_KEYS: '0',
    ...(token && carrier === 'token' && { COREPACK_NPM_TOKEN: secret }),
    ...(token &&
      carrier === 'password' && { COREPACK_NPM_USERNAME: username, COREPACK_NPM_PASSWORD: secret }),
  };
  return { space, env, run: (...args: string[]) => space.run(['corepack', ...args], { env }) };
}

describeTool(corepack, () => {
  const ways = [
    ['project', `pnpm@${version}`, '', 'token'],
    ['subgroup', 'pnpm@10', '/', 'password'],
    ['group', 'pnpm@latest', '/', 'token'],
  ] as const;

  test.for(ways)('fetches from the %s the package manager %s (slash "%s", by %s)', async (way) => {
    const [level, wanted, slash, carrier] = way;
    const registry = ground.endpoint('npm', new Map(levelsOf(ground)).get(level)) + slash;
    const user = await userOf(registry, ground.tokens['group deploy'], carrier);
    const { seen } = await succeeded(user.run('use', wanted));
    expect(seen).toContain(`pnpm ${version} of ours install`);
    const pinned = JSON.parse(await readFile(join(user.space.project, 'package.json'), 'utf8'));
    expect(pinned.packageManager).toMatch(new RegExp(`^pnpm@${version.replaceAll('.', '\\.')}\\+sha512\\.`));
    // With the digest in package.json, Corepack looks for no signature.
    const { COREPACK_INTEGRITY_KEYS: _none, ...env } = user.env;
    const { stdout } = await succeeded(
      user.space.run(['corepack', 'pnpm', 'hello'], {
        env: { ...env, COREPACK_HOME: join(user.space.home, 'another') },
      }),
    );
    expect(stdout).toContain(`pnpm ${version} of ours hello`);
  });

  test('shows that a token is missing, wrong or expired, and that a version does not exist', async () => {
    const registry = ground.endpoint('npm', ground.project);
    const wrong: TestToken = { id: 0, username: 'nobody', secret: 'phat-this-is-no-token-of-ours' };
    for (const token of [undefined, wrong, ground.expired]) {
      const user = await userOf(registry, token);
      expect(await failed(user.run('use', `pnpm@${version}`))).toContain('Server answered with HTTP 401');
    }
    const user = await userOf(registry, ground.readOnly);
    expect(await failed(user.run('use', 'pnpm@9.9.9'))).toMatch(/HTTP 404 .*\/pnpm\/9\.9\.9/);
  });
});
