import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import type { TestToken } from '../../kit/accounts.ts';
import { describeTool, makeWorkspace, type Workspace } from '../client.ts';
import { noise } from '../noise.ts';
import { failed, succeeded } from '../outcome.ts';
import { paste, shown } from '../paste.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { logIn, type RegistryClient, registryClients } from './registry-clients.ts';

let ground: Playground;
let host: string;
let writer: TestToken;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  ({ host } = new URL(ground.url));
  writer = await ground.accounts.deployToken(ground.project, ['read_registry', 'write_registry']);
});
afterAll(() => ground?.remove());

/** The programs that are not the system's. */
const programs = Object.fromEntries(
  [registryClients.oras, registryClients.crane, registryClients.regctl].map(({ tool }) => [tool.id, tool]),
);

let space: Workspace;
beforeEach(async () => {
  space = await makeWorkspace(programs);
  await space.write('layer.tar', noise(300_000));
});
afterEach(() => space?.remove());

async function use(client: RegistryClient, token: TestToken): Promise<void> {
  if (client.prepare) await succeeded(space.run(client.prepare(host)));
  await succeeded(logIn(space, client, host, token.username, token.secret));
}

/** Pushes an image with ORAS, which makes one of any file. */
async function pushFirst(reference: string): Promise<void> {
  await use(registryClients.oras, writer);
  await succeeded(space.run(registryClients.oras.push(reference)));
}

for (const client of Object.values(registryClients)) {
  describeTool(client.tool, () => {
    test('pushes, copies, lists, pulls and deletes', async () => {
      const repository = `${host}/${ground.project.fullPath}/${client.tool.id}`;
      await pushFirst(`${repository}:first`);
      await use(client, writer);
      await succeeded(space.run(client.pull(`${repository}:first`, 'pulled')));
      await succeeded(space.run(client.push(`${repository}:second`)));
      await succeeded(space.run(client.copy(`${repository}:second`, `${repository}/below:third`)));
      const listed = await succeeded(space.run(client.tags(repository)));
      expect(listed.seen).toContain('first');
      expect(listed.seen).toContain('second');
      await succeeded(space.run(client.pull(`${repository}/below:third`, 'copied')));
      expect((await readdir(join(space.project, 'copied'))).length).toBeGreaterThan(0);
      await use(client, await deleter());
      await succeeded(space.run(client.remove(`${repository}:second`)));
      expect(await failed(space.run(client.pull(`${repository}:second`, 'gone')))).toMatch(
        /manifest|not found/i,
      );
    });

    test('shows why it may not: no token, a wrong one, one that only reads, a missing image', async () => {
      const repository = `${host}/${ground.project.fullPath}/refused`;
      await pushFirst(`${repository}:1`);
      await succeeded(space.run(['oras', 'logout', host]));
      if (client.prepare) await succeeded(space.run(client.prepare(host)));
      expect(await failed(space.run(client.pull(`${repository}:1`, 'a')))).toMatch(
        /unauthori[sz]ed|authentication|401/i,
      );
      // Not every client checks a token when it logs in.
      const login = await logIn(space, client, host, writer.username, 'phdt-00000000000000000000');
      const withWrongToken = login.code === 0 ? space.run(client.pull(`${repository}:1`, 'w')) : login;
      expect(await failed(Promise.resolve(withWrongToken))).toMatch(
        /unauthori[sz]ed|authentication|401|invalid username/i,
      );
      const reader = await ground.accounts.deployToken(ground.project, ['read_registry']);
      await use(client, reader);
      await succeeded(space.run(client.pull(`${repository}:1`, 'pulled')));
      expect(await failed(space.run(client.push(`${repository}:2`)))).toMatch(
        /denied|unauthori[sz]ed|403|401/i,
      );
      expect(await failed(space.run(client.pull(`${repository}:none`, 'b')))).toMatch(/manifest|not found/i);
    });

    test('pulls from a public project without a token', async () => {
      const repository = `${host}/${ground.openProject.fullPath}/${client.tool.id}`;
      const open = await ground.accounts.deployToken(ground.openProject, ['read_registry', 'write_registry']);
      await use(registryClients.oras, open);
      await succeeded(space.run(registryClients.oras.push(`${repository}:1`)));
      await succeeded(space.run(['oras', 'logout', host]));
      if (client.prepare) await succeeded(space.run(client.prepare(host)));
      await succeeded(space.run(client.pull(`${repository}:1`, 'pulled')));
    });
  });
}

/** A token that may delete: that of a user, since deploy tokens push only. */
async function deleter(): Promise<TestToken> {
  const user = await ground.accounts.user({ of: ground.project, level: levels.developer });
  return ground.accounts.personalToken(user, ['write_registry']);
}

describeTool(registryClients.oras.tool, () => {
  test('attaches a file to an image and finds it, and every kind of token pulls', async () => {
    const reference = `${host}/${ground.project.fullPath}/attached:1`;
    await pushFirst(reference);
    await space.write('sbom.json', '{"name":"sbom"}');
    const attach = [
      'oras',
      'attach',
      '--plain-http',
      reference,
      '--artifact-type',
      'text/sbom',
      'sbom.json:text/json',
    ];
    await succeeded(space.run(attach));
    expect((await succeeded(space.run(['oras', 'discover', '--plain-http', reference]))).seen).toContain(
      'text/sbom',
    );
    const { accounts, project, group } = ground;
    const user = await accounts.user({ of: project, level: levels.reporter });
    for (const token of [
      await accounts.personalToken(user, ['read_registry']),
      await accounts.accessToken(project, levels.reporter, ['read_registry']),
      await accounts.accessToken(group, levels.reporter, ['read_registry']),
      await accounts.deployToken(group, ['read_registry']),
    ]) {
      await use(registryClients.oras, token);
      await succeeded(space.run(registryClients.oras.pull(reference, `pulled-${token.id}`)));
    }
  });

  test('works with the instructions shown to users', async () => {
    const bytes = noise(1000);
    await space.write('shown.txt', bytes);
    const facts = { name: 'shown', version: '1.0', owner: ground.project, client: 'ORAS' };
    const secret = ground.tokens.personal.secret;
    await succeeded(
      paste(space, shown(ground, 'container', { ...facts, steps: ['setup', 'publish'] }), { secret }),
    );
    const target = await makeWorkspace(programs);
    try {
      await succeeded(
        paste(target, shown(ground, 'container', { ...facts, steps: ['setup', 'install'] }), { secret }),
      );
      expect(bytes.equals(await readFile(join(target.project, 'shown.txt')))).toBe(true);
    } finally {
      await target.remove();
    }
  });
});

describe('an interrupted push', () => {
  test('is repeated with success', async () => {
    const reference = `${host}/${ground.project.fullPath}/interrupted:1`;
    await space.write('layer.tar', noise(60_000_000));
    await use(registryClients.oras, writer);
    const running = space.start(registryClients.oras.push(reference));
    await new Promise((resolve) => setTimeout(resolve, 60));
    running.kill();
    await running.ran;
    await succeeded(space.run(registryClients.oras.push(reference)));
    await succeeded(space.run(registryClients.oras.pull(reference, 'pulled')));
  });
});
