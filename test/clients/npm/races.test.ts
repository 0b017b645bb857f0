import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { freshName } from '../../kit/accounts.ts';
import { describeTool } from '../client.ts';
import { failed, succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { type NpmClient, npmUser } from './npm-client.ts';
import { installedFiles, writePackage } from './packages.ts';
import { newestClients } from './tools/all.ts';
import { bun } from './tools/bun.ts';
import { npm12 } from './tools/npm.ts';
import { pnpm12 } from './tools/pnpm.ts';

let ground: Playground;
let registry: string;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  registry = ground.endpoint('npm', ground.project);
});
afterAll(() => ground?.remove());

const racers: readonly NpmClient[] = [npm12, pnpm12, bun].filter(({ tool }) => !tool.missing);

/** Publishes one version with every client concurrently. */
async function publishConcurrently(name: string) {
  const ready = racers.map(async (client) => {
    const user = await npmUser(client, { registry, token: ground.tokens.personal });
    return { user, pkg: await writePackage(user.space, { name, version: '1.0.0' }) };
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
    const outcomes = await publishConcurrently(name);
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
});

// `large.test.ts` publishes a larger one with npm.
for (const client of newestClients.filter((each) => each !== npm12)) {
  describeTool(client.tool, () => {
    test('publishes and installs a package of 12 MB, or shows the limit', async () => {
      const user = await npmUser(client, { registry, token: ground.tokens.personal });
      const pkg = await writePackage(user.space, {
        name: freshName('large'),
        version: '1.0.0',
        size: 12_000_000,
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
