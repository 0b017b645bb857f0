import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, test } from 'vitest';
import { type Ran, type Running, type RunOptions, startProgram } from '../kit/run-program.ts';

const installed = resolve(import.meta.dirname, '../../.cache/clients');

/** A program the tests run, as `.ci/install-clients.sh` has installed it. */
export interface Tool {
  /** Its name in test titles, such as `npm-11`. */
  readonly id: string;
  readonly version: string;
  /** The command that starts it. */
  readonly command: readonly string[];
  /** Why it cannot be run here, if it cannot. */
  readonly missing: string | undefined;
}

/** A tool that Node runs: a script in a package that is installed in the folder `id`. */
export function nodeTool(id: string, packageName: string, script: string): Tool {
  return fileTool(id, packageName, { file: script, run: [process.execPath] });
}

/** A tool that is a file in a package of npm, which the command `run` runs. */
export function fileTool(
  id: string,
  packageName: string,
  { file, run }: { readonly file: string; readonly run: readonly string[] },
): Tool {
  const folder = join(installed, id, 'node_modules', packageName);
  const version = versionOf(folder);
  return { id, version, command: [...run, join(folder, file)], missing: missing(id, version) };
}

/** A tool with a program for each platform, in a package of its own beside the main one. */
export function nativeTool(id: string, packageName: string, programs: readonly string[]): Tool {
  const folder = join(installed, id, 'node_modules');
  const program = programs.map((path) => join(folder, path)).find((path) => existsSync(path));
  const version = program ? versionOf(join(folder, packageName)) : '';
  return { id, version, command: program ? [program] : [], missing: missing(id, version) };
}

/** A program that a Python distribution has put into the virtual environment in the folder, under its own name or another. */
export function pythonTool(id: string, folder: string, distribution: string, program = distribution): Tool {
  const programs = join(installed, folder, 'bin');
  const pattern = new RegExp(`^${distribution}-(.+)\\.dist-info$`);
  const packages = globSync(join(installed, folder, 'lib/python3*/site-packages/*.dist-info'));
  const version = packages.map((path) => pattern.exec(basename(path))?.[1]).find((found) => found) ?? '';
  return { id, version, command: [join(programs, program)], missing: missing(id, version) };
}

/** A tool that was unpacked into the folder `id`, started by `program` in it. */
export function unpackedTool(id: string, program: string): Tool {
  const marks = existsSync(join(installed, id)) ? readdirSync(join(installed, id)) : [];
  const version = marks.find((name) => name.startsWith('installed-'))?.slice('installed-'.length) ?? '';
  return { id, version, command: [join(installed, id, program)], missing: missing(id, version) };
}

/** A Java program whose libraries are listed in the folder `id`. `flags` are of the Java machine. */
export function javaTool(id: string, main: string, flags: readonly string[] = []): Tool {
  const list = join(installed, id, 'classpath');
  const { version } = unpackedTool(id, '');
  const libraries = existsSync(list) ? readFileSync(list, 'utf8').trim() : '';
  const command = ['java', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', ...flags, '-cp', libraries, main];
  return { id, version, command, missing: missing(id, version) };
}

/** A program of the system itself, found on the path. `id` is its name in test titles. */
export function systemTool(program: string, pattern: RegExp, id = program): Tool {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  const version = pattern.exec(stripVTControlCharacters(stdout ?? ''))?.[1] ?? '';
  return {
    id,
    version,
    command: [program],
    missing: version ? undefined : `${program} is not on this machine`,
  };
}

/** A folder that `.ci/install-clients.sh` has filled beside the tools. */
export function installedFolder(name: string): string {
  return join(installed, name);
}

function versionOf(folder: string): string {
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) return '';
  return String(JSON.parse(readFileSync(manifest, 'utf8')).version);
}

function missing(id: string, version: string): string | undefined {
  return version ? undefined : `${id} is not installed: run .ci/install-clients.sh`;
}

/** Describes the tests of a tool. If the tool is missing, they are skipped and named; in CI they fail. */
export function describeTool(tool: Tool, tests: () => void): void {
  if (tool.missing === undefined) return void describe(`${tool.id} (${tool.version})`, tests);
  if (!process.env.CI) return void describe.skip(`${tool.id} (${tool.missing})`, tests);
  test(tool.id, () => {
    throw new Error(tool.missing);
  });
}

/** A place for one user of a tool: a home and a project, both new and empty, outside any other project. */
export interface Workspace {
  readonly home: string;
  readonly project: string;
  readonly env: Readonly<Record<string, string>>;
  /** Writes a file, into the project unless `where` is `home`. Creates folders as needed. */
  write(path: string, content: string | Uint8Array, where?: 'home' | 'project'): Promise<string>;
  /** Runs a command in the project, or in the folder `cwd`. */
  run(command: readonly string[], options?: Partial<RunOptions>): Promise<Ran>;
  /** The same without waiting until it exits. */
  start(command: readonly string[], options?: Partial<RunOptions>): Running;
  /** Puts a program on the path, by the name its users call it. */
  provide(name: string, command: readonly string[]): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Makes a workspace. Its environment takes nothing from that of the tests but the paths of Node and of the system's
 * programs. `tools` are put on the path, by the names they are called.
 */
export async function makeWorkspace(tools: Readonly<Record<string, Tool>> = {}): Promise<Workspace> {
  const root = await mkdtemp(join(tmpdir(), 'packhouse-client-'));
  const home = join(root, 'home');
  const project = join(root, 'project');
  const programs = join(root, 'bin');
  for (const folder of [home, project, programs]) await mkdir(folder);
  await symlink(process.execPath, join(programs, 'node'));
  const provide = async (name: string, command: readonly string[]) => {
    const quoted = command.map((word) => `'${word}'`).join(' ');
    await writeFile(join(programs, name), `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
  };
  for (const [name, { command }] of Object.entries(tools)) await provide(name, command);
  const env = {
    HOME: home,
    USERPROFILE: home,
    PATH: [programs, '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
  };
  const start = (command: readonly string[], options: Partial<RunOptions> = {}) =>
    startProgram(command, { cwd: project, ...options, env: { ...env, ...options.env } });
  return {
    home,
    project,
    env,
    async write(path, content, where = 'project') {
      const target = join(where === 'home' ? home : project, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
      return target;
    },
    run: (command, options) => start(command, options).ran,
    start,
    provide,
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}
