import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { TestToken } from '../../kit/accounts.ts';
import type { Tool } from '../client.ts';
import { failed } from '../outcome.ts';
import { type Carrier, type MavenUser, mavenUser, repositoryXml } from './maven-client.ts';
import { aggregate, module } from './modules.ts';
import { type Coordinates, modules, pathOfGroup, writeProject } from './projects.ts';

/** A module that deploys to an address, or needs an artifact from there, with one token in one carrier. */
export interface Attempt {
  readonly token: TestToken | undefined;
  readonly carrier: Carrier;
  readonly url: string;
  /** The artifact that it needs; by default the one of the same name. */
  readonly artifact?: string;
}

/** Modules by name; each has a server of the same name in the settings. */
export type Attempts = Readonly<Record<string, Attempt>>;

/** The result of a build of many modules, which continues after failures. */
export interface Built {
  readonly user: MavenUser;
  /** The error of a module that failed; empty for one that did not. */
  readonly errorOf: (module: string) => string;
  readonly seen: string;
}

async function userOf(
  tool: Tool,
  attempts: Attempts,
  all: Parameters<typeof mavenUser>[1],
): Promise<MavenUser> {
  const servers = Object.entries(attempts).flatMap(([id, { token, carrier }]) =>
    token ? [{ id, token, carrier }] : [],
  );
  return mavenUser(tool, { ...all, servers: [...(all?.servers ?? []), ...servers] });
}

async function build(user: MavenUser, goals: readonly string[]): Promise<Built> {
  const seen = await failed(user.mvn('-T4', '--fail-at-end', ...goals));
  const errors = seen.split('Failed to execute goal').slice(1);
  return {
    user,
    seen,
    errorOf: (name) => errors.filter((text) => text.includes(` on project ${name}:`)).join('\n'),
  };
}

/** The Maven and the coordinates of its builds. */
export interface Building extends Coordinates {
  readonly tool: Tool;
  /** The token for the project of several modules and its plugin. */
  readonly token: TestToken;
}

/** Deploys the project of several modules to `url`, a jar for each of `good`, and only a POM for each of `bad`. */
export async function deployAll(
  { tool, token, group, version }: Building,
  { url, good, bad }: { readonly url: string; readonly good: Attempts; readonly bad: Attempts },
): Promise<Built & { readonly files: ReadonlyMap<string, Buffer> }> {
  const attempts = { ...good, ...bad };
  const user = await userOf(tool, attempts, {
    servers: [{ id: 'packhouse', token, carrier: 'Private-Token' }],
  });
  const { space } = user;
  await space.write('pom.xml', aggregate(group, ['project', ...Object.keys(attempts)]));
  await writeProject(space, 'project', { group, version }, 'project');
  for (const [id, { url: to }] of Object.entries(attempts)) {
    const packaging = id in bad ? 'pom' : 'jar';
    await space.write(`${id}/pom.xml`, module({ group, artifact: id, packaging, deploy: { id, url: to } }));
    await space.write(`${id}/src/main/resources/${id}.txt`, `deployed by ${id}\n`);
  }
  const built = await build(user, ['deploy', `-Dpackhouse.url=${url}`]);
  const files = new Map<string, Buffer>();
  for (const name of modules) {
    for (const ending of ['.jar', '-sources.jar']) {
      const file = `${name}-${version}${ending}`;
      const path = `${pathOfGroup(group)}/${name}/${version}/${file}`;
      files.set(path, await readFile(join(space.project, 'project', name, 'target', file)));
    }
  }
  return { ...built, files };
}

/**
 * Builds, with an empty local repository, a project that needs the deployed one from `url`, and the modules of the attempts;
 * runs the plugin by its prefix.
 */
export async function buildAll(
  { tool, token, group, version }: Building,
  { url, attempts }: { readonly url: string; readonly attempts: Attempts },
): Promise<Built> {
  const from = { id: 'packhouse', url };
  const user = await userOf(tool, attempts, {
    servers: [{ id: from.id, token, carrier: 'Private-Token' }],
    pluginRepositories: [from],
    pluginGroups: [group],
  });
  const { space } = user;
  await space.write('pom.xml', aggregate(`${group}.user`, ['consumer', ...Object.keys(attempts)]));
  await writeProject(space, 'consumer', { group, version }, 'consumer');
  const pom = await readFile(join(space.project, 'consumer/pom.xml'), 'utf8');
  const repositories = `<repositories>${repositoryXml('repository', from)}</repositories></project>`;
  await space.write('consumer/pom.xml', pom.replace('</project>', repositories));
  for (const [id, { url: endpoint, artifact = id }] of Object.entries(attempts)) {
    const needs = { group, artifact };
    await space.write(
      `${id}/pom.xml`,
      module({ group: `${group}.user`, artifact: id, needs, from: { id, url: endpoint } }),
    );
  }
  return build(user, ['compile', 'orchard:greet']);
}

/** What a user must never see. */
const unclear = /Internal Server Error|NullPointer|\bundefined\b|\[object Object\]|Connection reset/;

/** Checks that each module failed, with an error that its user understands. */
export function expectRefusals(built: Built, sees: Readonly<Record<string, RegExp>>): void {
  for (const [id, words] of Object.entries(sees)) {
    expect([id, built.errorOf(id)]).toEqual([id, expect.stringMatching(words)]);
    expect(built.errorOf(id)).not.toMatch(unclear);
  }
}
