import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { describeTool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { type NpmUser, npmUser } from './npm-client.ts';
import { writePackage } from './packages.ts';
import { type PackageSet, publishSet } from './smoke.ts';
import { bun } from './tools/bun.ts';
import { npm12 } from './tools/npm.ts';

let ground: Playground;
let registry: string;
let set: PackageSet;
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  registry = ground.endpoint('npm', ground.group);
  set = await publishSet(npm12, ground, { suffix: 'traffic' });
});
afterAll(() => ground?.remove());

/** A request in npm's log. */
interface Logged {
  readonly method: string;
  readonly status: number;
  /** The path below the registry's address, or the complete URL of a request elsewhere, as tarballs may be. */
  readonly path: string;
  /** Further notes: on the cache, and on attempts if there was more than one. */
  readonly notes: string;
}

function requestsIn(seen: string): Logged[] {
  const line = /npm http fetch (?<method>[A-Z]+) (?<status>\d+) (?<url>\S+) \d+ms(?<notes>.*)/g;
  return [...seen.matchAll(line)].map(({ groups = {} }) => ({
    method: groups.method ?? '',
    status: Number(groups.status),
    path: decodeURIComponent((groups.url ?? '').replace(/^.*?\/packages\/npm\//, '')),
    notes: groups.notes?.trim() ?? '',
  }));
}

const isTarball = ({ path }: Logged) => /^https?:|\.tgz$/.test(path);
const summary = (requests: readonly Logged[]) =>
  requests.map(({ method, status, path }) => `${method} ${status} ${path}`).sort();

async function removeInstalled(user: NpmUser): Promise<void> {
  for (const path of ['node_modules', user.client.lockfile]) {
    await rm(join(user.space.project, path), { recursive: true, force: true });
  }
}

describeTool(npm12.tool, () => {
  test('installs with one request for each document and tarball, and without a failed request', async () => {
    const user = await npmUser(npm12, { registry, token: ground.tokens['group deploy'] });
    const { seen } = await succeeded(user.run([...npm12.add(set.tool.name), '--loglevel=http']));
    const requests = requestsIn(seen);
    expect(summary(requests.filter((request) => !isTarball(request)))).toEqual([
      `GET 200 ${set.base.name}`,
      `GET 200 ${set.tool.name}`,
      'POST 200 -/npm/v1/security/advisories/bulk',
    ]);
    expect(requests.filter(isTarball)).toHaveLength(2);
    expect(requests.map(({ status }) => status)).toEqual(requests.map(() => 200));
    expect(requests.filter(({ notes }) => notes.includes('attempt'))).toEqual([]);
    await user.remove();
  });

  test('revalidates cached documents that have not changed', async () => {
    const user = await npmUser(npm12, { registry, token: ground.tokens['group deploy'] });
    await succeeded(user.add(set.tool.name));
    await removeInstalled(user);
    const { seen } = await succeeded(user.run([...npm12.add(set.tool.name), '--loglevel=http']));
    const documents = requestsIn(seen).filter(({ method }) => method === 'GET');
    expect(documents.map(({ path, notes }) => `${path} ${notes}`).sort()).toEqual([
      `${set.base.name} (cache revalidated)`,
      `${set.tool.name} (cache revalidated)`,
    ]);
    await user.remove();
  });

  test('publishes without a failed request', async () => {
    const user = await npmUser(npm12, {
      registry: ground.endpoint('npm', ground.project),
      token: ground.tokens['project deploy'],
    });
    const name = `${set.scope}/published-${npm12.tool.id}`;
    for (const version of ['1.0.0', '1.1.0']) {
      const pkg = await writePackage(user.space, { name, version });
      const { seen } = await succeeded(user.run(['publish', '--loglevel=http'], pkg.folder));
      const requests = requestsIn(seen);
      expect(summary(requests).filter((line) => line.startsWith('PUT'))).toEqual([`PUT 200 ${name}`]);
      // npm 11 and 12 request the package first, and twice if it does not exist.
      const refused = new Set(summary(requests.filter(({ status }) => status >= 400)));
      if (version === '1.0.0') refused.delete(`GET 404 ${name}`);
      expect([...refused]).toEqual([]);
      expect(requests.filter(({ notes }) => notes.includes('attempt'))).toEqual([]);
    }
    await user.remove();
  });

  test('installs from a lock file with the addresses that GitLab gives to tarballs', async () => {
    const setup = { registry, token: ground.tokens['group deploy'] };
    const first = await npmUser(npm12, setup);
    await succeeded(first.add(set.tool.name));
    const file = `${set.base.name.replace(/.*\//, '')}-${set.base.version}.tgz`;
    const lock = (await first.read(npm12.lockfile)).replaceAll(
      new RegExp(`/-/(?:@[^/]+/)?${file}`, 'g'),
      `/-/${set.scope}/${file}`,
    );
    expect(lock).toContain(`${set.base.name}/-/${set.scope}/${file}`);
    const project = { 'package.json': await first.read('package.json'), [npm12.lockfile]: lock };
    const second = await npmUser(npm12, setup, project);
    await succeeded(second.frozen());
    await second.read(`node_modules/${set.base.name}/README.md`);
    await first.remove();
    await second.remove();
  });

  test('installs from a lock file of the group with the token of a project', async () => {
    const first = await npmUser(npm12, { registry, token: ground.tokens['group deploy'] });
    await succeeded(first.add(set.tool.name));
    const lock = await first.read(npm12.lockfile);
    expect(lock).toContain(`${registry}/${set.tool.name}`);
    const project = { 'package.json': await first.read('package.json'), [npm12.lockfile]: lock };
    const second = await npmUser(
      npm12,
      { registry: ground.endpoint('npm', ground.project), token: ground.tokens['project deploy'] },
      project,
    );
    // npm 12 fetches nothing from outside the address it is configured for, unless its user allows it.
    await succeeded(second.run([...npm12.frozen(), '--allow-remote=all']));
    await first.remove();
    await second.remove();
  });
});

describeTool(bun.tool, () => {
  test('revalidates cached documents that have not changed', async () => {
    const user = await npmUser(bun, { registry, token: ground.tokens['group deploy'] });
    const statuses = async () => {
      const { seen } = await succeeded(user.run([...bun.add(set.tool.name), '--verbose']));
      // Requests for tarballs may be redirected.
      return [...seen.matchAll(/^< (\d{3}) /gm)]
        .map(([, status]) => status)
        .filter((status) => status !== '302');
    };
    expect(await statuses()).toEqual(['200', '200', '200', '200']);
    await removeInstalled(user);
    expect(await statuses()).toEqual(['304', '304']);
    await user.remove();
  });
});
