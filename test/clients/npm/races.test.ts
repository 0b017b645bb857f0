import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshName } from '../../kit/accounts.ts';
import { describeTool } from '../client.ts';
import { failed, succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { type NpmClient, npmUser } from './npm-client.ts';
import { installedFiles, writePackage } from './packages.ts';
import { newestClients } from './tools/all.ts';
import { bun } from './tools/bun.ts';
import { npm11, npm12 } from './tools/npm.ts';
import { pnpm12 } from './tools/pnpm.ts';

let ground: Playground;
let registry: string;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  registry = ground.endpoint('npm', ground.project);
});
afterAll(() => ground?.remove());

const racers: readonly NpmClient[] = [npm12, npm11, pnpm12, bun].filter(({ tool }) => !tool.missing);

/** Publishes a package with every client concurrently; `versions` has the version of each client, in order. */
async function publishConcurrently(name: string, versions: readonly string[]) {
  const ready = racers.map(async (client, index) => {
    const user = await npmUser(client, { registry, token: ground.tokens.personal });
    const version = versions[index] ?? '';
    return { user, pkg: await writePackage(user.space, { name, version }) };
  });
  const starting = await Promise.all(ready);
  const outcomes = await Promise.all(
    starting.map(async ({ user, pkg }) => ({ pkg, ran: await user.publish(pkg) })),
  );
  await Promise.all(starting.map(({ user }) => user.remove()));
  return outcomes;
}

describeTool(npm12.tool, () => {
  test('and other clients publish one version concurrently: one succeeds, and the others report that it exists', async () => {
    const name = freshName('contested');
    const outcomes = await publishConcurrently(
      name,
      racers.map(() => '1.0.0'),
    );
    const winners = outcomes.filter(({ ran }) => ran.code === 0);
    expect(winners).toHaveLength(1);
    for (const { ran } of outcomes) {
      if (ran.code !== 0) expect(ran.seen).toMatch(/already exists|previously published/);
    }
    const user = await npmUser(npm12, { registry, token: ground.tokens.personal });
    await succeeded(user.add(name));
    const winner = winners[0]?.pkg;
    expect(winner && (await installedFiles(user.space, winner))).toEqual(winner?.files);
    await user.remove();
  });

  test('and other clients publish a version each concurrently: all are listed', async () => {
    const name = freshName('shared');
    const versions = racers.map((_, index) => `1.${index}.0`);
    for (const { ran } of await publishConcurrently(name, versions)) expect(ran.code, ran.seen).toBe(0);
    const user = await npmUser(npm12, { registry, token: ground.tokens.personal });
    const { stdout } = await succeeded(user.use('view', name, 'versions', '--json'));
    expect([JSON.parse(stdout)].flat(2)).toEqual(versions);
    await user.remove();
  });
});

for (const client of newestClients) {
  describeTool(client.tool, () => {
    test('publishes and installs a package of 20 MB, or shows the limit', async () => {
      const user = await npmUser(client, { registry, token: ground.tokens.personal });
      const pkg = await writePackage(user.space, {
        name: freshName('large'),
        version: '1.0.0',
        size: 20_000_000,
      });
      const published = user.publish(pkg);
      if ((await published).code === 0) {
        await succeeded(user.add(pkg.name));
        expect(await installedFiles(user.space, pkg)).toEqual(pkg.files);
      } else {
        expect(await failed(published)).toMatch(
          /larger than the limit of \d+ bytes|Request Entity Too Large|413/,
        );
      }
      await user.remove();
    });
  });
}

describeTool(npm12.tool, () => {
  test('works with the configuration that GitLab documents: a scope, a token variable and publishConfig', async () => {
    const scope = `@${ground.group.fullPath}`;
    const user = await npmUser(npm12, { registry: 'http://127.0.0.1:9/' });
    const { host, pathname } = new URL(registry);
    const npmrc = `${scope}:registry=${registry}/\n//${host}${pathname}/:_authToken="\${NPM_TOKEN}"\n`;
    const manifest = { publishConfig: { [`${scope}:registry`]: `${registry}/` } };
    const pkg = await writePackage(user.space, { name: `${scope}/documented`, version: '1.0.0', manifest });
    await user.space.write('.npmrc', npmrc);
    await user.space.write(`packages/${pkg.name}-1.0.0/.npmrc`, npmrc, 'home');
    const env = { NPM_TOKEN: ground.tokens['project deploy'].secret };
    const command = npm12.tool.command;
    await succeeded(user.space.run([...command, 'publish'], { cwd: pkg.folder, env }));
    await succeeded(user.space.run([...command, 'install', pkg.name], { env }));
    expect(await installedFiles(user.space, pkg)).toEqual(pkg.files);
    await user.remove();
  });
});
