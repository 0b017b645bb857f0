import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type NameProxy, startNameProxy } from '../../kit/name-proxy.ts';
import { describeTool, installedFolder, type Tool } from '../client.ts';
import { once } from '../once.ts';
import { succeeded } from '../outcome.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { type NpmClient, type NpmUser, npmUser } from './npm-client.ts';
import { npm12 } from './tools/npm.ts';
import { pnpm12 } from './tools/pnpm.ts';

/** A Vite and React application, and the lock file of npm for it, which names no registry. */
const application = Object.fromEntries(
  ['package.json', 'package-lock.json'].map((name) => [
    name,
    readFileSync(join(import.meta.dirname, 'lock-tree', name), 'utf8'),
  ]),
);
/** The tarballs that the lock file names, as `.ci/install-clients.sh` has fetched them. */
const folder = installedFolder('lock-tree');
const tarballs = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.tgz')) : [];

interface LockedPackage {
  readonly version: string;
  readonly optional?: boolean;
}
const { packages } = JSON.parse(application['package-lock.json'] ?? '') as {
  packages: Record<string, LockedPackage>;
};

function withTarballs(tool: Tool): Tool {
  const none = 'the tarballs of the application are not installed: run .ci/install-clients.sh';
  return { ...tool, missing: tarballs.length > 290 ? tool.missing : none };
}

let ground: Playground;
let outside: NameProxy;
const users: NpmUser[] = [];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  outside = await startNameProxy();
});
afterAll(async () => {
  await Promise.all(users.map((user) => user.remove()));
  await outside?.stop();
  await ground?.remove();
});

const published = once(async () => {
  const user = await npmUser(npm12, { registry: ground.endpoint('npm', ground.project) });
  users.push(user);
  const npm = join(npm12.tool.command[1] ?? '', '../..');
  const script = join(import.meta.dirname, 'publish-tarballs.mjs');
  const registry = `${ground.endpoint('npm', ground.project)}/`;
  return succeeded(
    user.space.run([process.execPath, script, npm, registry, folder], {
      env: { TOKEN: ground.tokens['group deploy'].secret },
    }),
  );
});

/** Whether nothing else is needed: files on AWS are served by links to another host. */
const alone = inject('registry').log !== undefined;

/** A user with the application in the project. If the registry must be enough, all other hosts refuse them. */
async function applicant(client: NpmClient): Promise<NpmUser & { runInside: NpmUser['run'] }> {
  const setup = { registry: ground.endpoint('npm', ground.group), token: ground.readOnly };
  const user = await npmUser(client, setup, application);
  users.push(user);
  const { host, hostname } = new URL(ground.url);
  const env: Record<string, string> = {};
  for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY']) env[name] = outside.url;
  for (const name of ['no_proxy', 'NO_PROXY']) env[name] = `${hostname},${host}`;
  const runInside: NpmUser['run'] = (args) =>
    user.space.run([...client.tool.command, ...args], alone ? { env } : {});
  return { ...user, runInside };
}

/** The version of a package that was installed at a path of the project; undefined if there is none. */
function versionAt(user: NpmUser, path: string): string | undefined {
  const manifest = join(user.space.project, path, 'package.json');
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : undefined;
}

describeTool(withTarballs(npm12.tool), () => {
  test('publishes every tarball of a Vite and React application', async () => {
    const { stdout } = await published();
    expect(stdout.trim()).toBe(`${tarballs.length}`);
    expect(tarballs.some((name) => name.startsWith('punycode-'))).toBe(true);
  });

  test('installs the application from its lock file, from here alone', async () => {
    await published();
    const user = await applicant(npm12);
    await succeeded(user.runInside(['ci', '--ignore-scripts']));
    for (const [path, { version, optional }] of Object.entries(packages)) {
      if (path === '' || (optional && versionAt(user, path) === undefined)) continue;
      expect([path, versionAt(user, path)]).toEqual([path, version]);
    }
    expect(await user.read('package-lock.json')).toBe(application['package-lock.json']);
    const vite = await succeeded(user.space.run(['node', 'node_modules/vite/bin/vite.js', '--version']));
    expect(vite.stdout).toContain('vite/7.');
    expect(outside.refused).toEqual([]);
  });
});

describeTool(withTarballs(pnpm12.tool), () => {
  test('takes over the lock file and installs the application from it, from here alone', async () => {
    await published();
    const user = await applicant(pnpm12);
    await succeeded(user.runInside(['import']));
    const lock = await user.read('pnpm-lock.yaml');
    await succeeded(user.runInside(['install', '--frozen-lockfile', '--ignore-scripts']));
    expect(await user.read('pnpm-lock.yaml')).toBe(lock);
    expect(versionAt(user, 'node_modules/react-dom')).toBe(packages['node_modules/react-dom']?.version);
    const installed = readdirSync(join(user.space.project, 'node_modules/.pnpm'));
    expect(installed.some((name) => name.startsWith('punycode@'))).toBe(true);
    const vite = await succeeded(user.space.run(['node', 'node_modules/vite/bin/vite.js', '--version']));
    expect(vite.stdout).toContain('vite/7.');
    expect(outside.refused).toEqual([]);
  });
});
