import { expect } from 'vitest';
import type { RegistryAddress, TestToken } from '../../kit/accounts.ts';
import { succeeded } from '../outcome.ts';
import { levelsOf, openPlayground, type Playground } from '../playground.ts';
import { type NpmClient, type NpmSetup, npmUser } from './npm-client.ts';
import {
  askProgram,
  installedFiles,
  type NpmPackage,
  type WrittenPackage,
  writePackage,
} from './packages.ts';
import { npm10, npm11, npm12 } from './tools/npm.ts';

/** What the tests publish together: a package with a scope, and one without that depends on it and has a program. */
export interface PackageSet {
  readonly scope: string;
  readonly base: WrittenPackage;
  readonly tool: WrittenPackage;
  readonly bin: string;
}

/**
 * Publishes a set of packages with a client into the private project, under names that end in `suffix`. The package
 * with the scope has `size` bytes that can't be compressed.
 */
export async function publishSet(
  client: NpmClient,
  ground: Playground,
  options: { suffix: string; token?: TestToken; carrier?: NpmSetup['carrier']; size?: number },
): Promise<PackageSet> {
  const { suffix, token = ground.tokens.personal, carrier = 'bearer', size = 50_000 } = options;
  const scope = `@${ground.group.fullPath}`;
  const registry = ground.endpoint('npm', ground.project);
  const user = await npmUser(client, { registry, token, carrier });
  const bin = `tool-${suffix}`;
  const baseFacts: NpmPackage = { name: `${scope}/base-${suffix}`, version: '1.2.3', size };
  const toolFacts: NpmPackage = {
    name: `${ground.group.fullPath}-tool-${suffix}`,
    version: '1.0.0',
    bin,
    keywords: ['packhouse-test'],
    dependencies: { [baseFacts.name]: '^1.0.0' },
  };
  try {
    const base = await writePackage(user.space, baseFacts);
    const tool = await writePackage(user.space, toolFacts);
    for (const pkg of [base, tool]) {
      await succeeded(user.publish(pkg));
    }
    return { scope, base, tool, bin };
  } finally {
    await user.remove();
  }
}

/** The files of a project, package.json and the lock file, by name. */
export type LockedProject = Readonly<Record<string, string>>;

/** Installs a set as a new user of a client, checks every byte, and returns the project. */
export async function addSet(client: NpmClient, setup: NpmSetup, set: PackageSet): Promise<LockedProject> {
  const user = await npmUser(client, setup);
  try {
    await succeeded(user.add(set.tool.name));
    await expectInstalled(user.space, set);
    return {
      'package.json': await user.read('package.json'),
      [client.lockfile]: await user.read(client.lockfile),
    };
  } finally {
    await user.remove();
  }
}

/** Installs a set from the lock file of a project as a new user, with nothing in any cache. */
export async function installLocked(
  client: NpmClient,
  setup: NpmSetup,
  { set, project }: { readonly set: PackageSet; readonly project: LockedProject },
): Promise<void> {
  const user = await npmUser(client, setup, project);
  try {
    await succeeded(user.frozen());
    await expectInstalled(user.space, set);
    expect(await user.read(client.lockfile)).toBe(project[client.lockfile]);
  } finally {
    await user.remove();
  }
}

/** Installs a set as a new user of a client, and again from the lock file as another one. */
export async function installSet(client: NpmClient, setup: NpmSetup, set: PackageSet): Promise<void> {
  const project = await addSet(client, setup, set);
  await installLocked(client, setup, { set, project });
}

async function expectInstalled(space: Parameters<typeof askProgram>[0], set: PackageSet): Promise<void> {
  expect(await installedFiles(space, set.tool)).toEqual(set.tool.files);
  const found = { [set.base.name]: set.base.version, [set.tool.name]: set.tool.version };
  expect(await askProgram(space, set.bin)).toEqual(found);
}

/**
 * Publishes with npm, and installs with npm from the project, its groups and the instance. The registry may be
 * anywhere; the newest npm that `.ci/install-clients.sh` has installed is used.
 */
export async function runNpmSmoke(registry: RegistryAddress): Promise<void> {
  const client = [npm12, npm11, npm10].find(({ tool }) => tool.missing === undefined);
  if (!client) throw new Error(npm12.tool.missing);
  const ground = await openPlayground(registry);
  try {
    const set = await publishSet(client, ground, { suffix: 'smoke' });
    for (const [, owner] of levelsOf(ground)) {
      const setup = { registry: ground.endpoint('npm', owner), token: ground.tokens.personal };
      await installSet(client, setup, set);
    }
  } finally {
    await ground.remove();
  }
}
