import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Owner, TestToken } from '../../kit/accounts.ts';
import type { Tool } from '../client.ts';
import { succeeded } from '../outcome.ts';
import type { Playground } from '../playground.ts';
import { type Carrier, mavenUser } from './maven-client.ts';
import { type Coordinates, freshGroup, modules, pathOfGroup, writeProject } from './projects.ts';

/** A deployed project, and its files by their paths in a repository. */
export interface Deployed extends Coordinates {
  readonly files: ReadonlyMap<string, Buffer>;
}

/** Deploys the project of several modules with a Maven, in four threads, into the private project. */
export async function deployProject(
  tool: Tool,
  ground: Playground,
  options: { token?: TestToken; carrier?: Carrier; coordinates?: Coordinates } = {},
): Promise<Deployed> {
  const { token = ground.tokens.personal, carrier = 'Private-Token' } = options;
  const { group, version } = options.coordinates ?? { group: freshGroup(), version: '1.0.0' };
  const user = await mavenUser(tool, { servers: [{ id: 'packhouse', token, carrier }] });
  try {
    await writeProject(user.space, 'project', { group, version });
    const url = ground.endpoint('maven', ground.project);
    await succeeded(user.mvn('-T4', 'deploy', `-Dpackhouse.url=${url}`));
    const files = new Map<string, Buffer>();
    for (const name of modules) {
      for (const ending of ['.jar', '-sources.jar']) {
        const file = `${name}-${version}${ending}`;
        const path = `${pathOfGroup(group)}/${name}/${version}/${file}`;
        files.set(path, await readFile(join(user.space.project, name, 'target', file)));
      }
    }
    return { group, version, files };
  } finally {
    await user.remove();
  }
}

/**
 * Builds a project that needs the deployed one, with an empty local repository, and runs the plugin by its prefix;
 * checks every byte.
 */
export async function consumeProject(
  tool: Tool,
  ground: Playground,
  deployed: Deployed,
  owner: Owner | undefined,
  options: { token?: TestToken; carrier?: Carrier } = {},
): Promise<void> {
  const { token = ground.tokens.personal, carrier = 'Private-Token' } = options;
  const { group, version, files } = deployed;
  const user = await mavenUser(tool, {
    servers: [{ id: 'packhouse', token, carrier }],
    repositories: [{ id: 'packhouse', url: ground.endpoint('maven', owner) }],
    pluginGroups: [group],
  });
  try {
    await writeProject(user.space, 'consumer', { group, version });
    const { seen } = await succeeded(user.mvn('compile', 'orchard:greet'));
    expect(seen).toContain(`Greetings from orchard ${version}`);
    expect(seen).not.toMatch(/checksum/i);
    for (const [path, bytes] of files) {
      if (/app-[^/]*sources|plugin-[^/]*sources/.test(path)) continue;
      expect([path, bytes.equals(await user.local(path))]).toEqual([path, true]);
    }
  } finally {
    await user.remove();
  }
}
