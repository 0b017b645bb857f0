import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestToken } from '../../kit/accounts.ts';
import { npmPackage, type PackageOptions } from '../../kit/npm-package.ts';
import type { Workspace } from '../client.ts';
import { noise } from '../noise.ts';

/** A package to publish. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  /** The name of its program; it prints the versions that it finds of itself and of its dependencies. */
  readonly bin?: string;
  readonly keywords?: readonly string[];
  /** Further fields of its package.json. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** How many bytes its data file has; they can't be compressed. */
  readonly size?: number;
}

/** A package that lies in a folder, ready to be published. */
export interface WrittenPackage extends NpmPackage {
  readonly folder: string;
  /** The SHA-256 of every file in it but its package.json, by path. */
  readonly files: Readonly<Record<string, string>>;
}

/** Writes a package into a folder of the workspace. */
export async function writePackage(space: Workspace, pkg: NpmPackage): Promise<WrittenPackage> {
  const { name, version, dependencies = {}, bin, keywords = [], size = 300_000 } = pkg;
  const relative = `packages/${name}-${version}`;
  const manifest = {
    name,
    version,
    description: `A package of the tests, ${name}`,
    license: 'Apache-2.0',
    keywords,
    main: 'lib/index.js',
    files: ['lib', 'data', 'bin'],
    dependencies,
    ...(bin && { bin: { [bin]: 'bin/main.js' } }),
    ...pkg.manifest,
  };
  const contents: Record<string, string | Buffer> = {
    'README.md': `# ${name}\n\nA package of the tests: größer als ASCII, ✓.\n`,
    'lib/index.js': library(Object.keys(dependencies)),
    'lib/deep/er/text.txt': 'A line of text that is easy to compress.\n'.repeat(2_000),
    'data/noise.bin': noise(size),
    ...(bin && { 'bin/main.js': `#!/usr/bin/env node\n${program}` }),
  };
  await space.write(`${relative}/package.json`, JSON.stringify(manifest, null, 2), 'home');
  const files: Record<string, string> = {};
  for (const [path, content] of Object.entries(contents)) {
    await space.write(`${relative}/${path}`, content, 'home');
    files[path] = digest(content);
  }
  return { ...pkg, folder: join(space.home, relative), files };
}

/** Publishes a small package with a request of its own, for tests that are about what clients do with it. */
export async function putPackage(registry: string, token: TestToken, options: PackageOptions): Promise<void> {
  const { name, path, document } = await npmPackage(options);
  const answer = await fetch(registry + path, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(document),
  });
  if (!answer.ok) throw new Error(`${name} was not published: ${answer.status} ${await answer.text()}`);
}

/** The SHA-256 of the files of a package in a project's node_modules, by path; only of those it should have. */
export async function installedFiles(space: Workspace, pkg: WrittenPackage): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const path of Object.keys(pkg.files)) {
    files[path] = digest(await readFile(join(space.project, 'node_modules', pkg.name, path)));
  }
  return files;
}

/** Runs the program of an installed package; returns the versions it finds of itself and of its dependencies. */
export async function askProgram(space: Workspace, bin: string): Promise<Record<string, string>> {
  const { code, stdout, seen } = await space.run([join('node_modules/.bin', bin)]);
  if (code !== 0) throw new Error(`${bin} exited with ${code}: ${seen}`);
  return JSON.parse(stdout);
}

const program = `process.stdout.write(JSON.stringify(require('../lib/index.js')));\n`;

function library(dependencies: readonly string[]): string {
  const requires = dependencies.map((name) => `...require(${JSON.stringify(name)}),`).join('\n  ');
  return `const { name, version } = require('../package.json');
module.exports = {
  ${requires}
  [name]: version,
};
`;
}

function digest(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
