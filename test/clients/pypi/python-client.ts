import { copyFile, mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { TestToken } from '../../kit/accounts.ts';
import type { Ran } from '../../kit/run-program.ts';
import { makeWorkspace, type Tool, type Workspace } from '../client.ts';
import { pip26 } from './tools/tools.ts';

/** The registry in the configuration of a client. */
export interface PypiSetup {
  /** The endpoint: where distributions are uploaded to, and what comes before `/simple/`. */
  readonly endpoint: string;
  readonly token?: TestToken | undefined;
  /** The user name that is sent with the token, if it is not the token's own. */
  readonly username?: string | undefined;
  /** How the client is given the token; by default the first of its carriers. */
  readonly carrier?: string | undefined;
}

/** What is set up before a client runs: files in the home, variables, arguments, and commands that write settings. */
export interface Configuration {
  readonly home?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly before?: readonly (readonly string[])[];
}

/** The ways to give a client its credentials. */
export type Carriers = Readonly<Record<string, (setup: PypiSetup) => Configuration>>;

/** A client that uploads distributions. */
export interface Publisher {
  readonly tool: Tool;
  readonly carriers: Carriers;
  /** The arguments that upload some files, which lie in `dist` in the project. */
  readonly publish: (setup: PypiSetup, files: readonly string[]) => readonly string[];
  /** How it skips existing files, or why it cannot. */
  readonly skipExisting:
    | { readonly args: (setup: PypiSetup) => readonly string[]; readonly says: RegExp }
    | string;
  /** Files that a project needs, for the distribution `name`. */
  readonly project?: (name: string, version: string) => Readonly<Record<string, string>>;
}

/** A client that installs. */
export interface Installer {
  readonly tool: Tool;
  readonly carriers: Carriers;
  /** The arguments that install some requirements. */
  readonly install: (setup: PypiSetup, requirements: readonly string[]) => readonly string[];
  /** Files that a new project needs. */
  readonly project?: (setup: PypiSetup, requirements: readonly string[]) => Readonly<Record<string, string>>;
  /** The command that runs a Python program with the packages installed in the project. */
  readonly python: (project: string) => {
    readonly command: readonly string[];
    readonly env: Record<string, string>;
  };
}

/** No client retries, prompts, uses a keyring, or reads the settings of the user who runs the tests. */
export const environment = {
  PYTHON_KEYRING_BACKEND: 'keyring.backends.null.Keyring',
  PYTHONDONTWRITEBYTECODE: '1',
  PIP_NO_INPUT: '1',
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
  PIP_RETRIES: '0',
  PIP_NO_COMPILE: '1',
  UV_HTTP_RETRIES: '0',
  UV_PYTHON_DOWNLOADS: 'never',
  UV_NO_SYSTEM_CONFIG: '1',
  POETRY_NO_INTERACTION: '1',
  POETRY_VIRTUALENVS_IN_PROJECT: 'true',
  POETRY_VIRTUALENVS_OPTIONS_NO_PIP: 'true',
  TWINE_NON_INTERACTIVE: '1',
  HATCH_INTERACTIVE: 'false',
  PIPENV_VENV_IN_PROJECT: '1',
  PIPENV_NOSPIN: '1',
};

/** The interpreter that projects of the tests use. */
export const python = join(dirname(pip26.tool.command[0] ?? ''), 'python');

/** A user of a client. */
export interface PythonUser {
  readonly space: Workspace;
  /** Runs a program in the project, with the user's settings. */
  run(command: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
  remove(): Promise<void>;
}

/** A new user in a new project. */
export async function pythonUser(): Promise<PythonUser> {
  if (pip26.tool.missing) throw new Error(pip26.tool.missing);
  const space = await makeWorkspace({ python: { ...pip26.tool, command: [python] } });
  return {
    space,
    run: (command, env = {}) => space.run(command, { env: { ...environment, ...env } }),
    remove: () => space.remove(),
  };
}

/** Uploads files with a client. `more` are additional arguments. */
export async function publish(
  user: PythonUser,
  client: Publisher,
  setup: PypiSetup,
  files: readonly string[],
  more: readonly string[] = [],
): Promise<Ran> {
  const [name = '', version = ''] = basename(files[0] ?? '')
    .replace(/\.tar\.gz$/, '')
    .split('-');
  await writeAll(user, client.project?.(name, version) ?? {});
  await mkdir(join(user.space.project, 'dist'), { recursive: true });
  for (const file of files) await copyFile(file, join(user.space.project, 'dist', basename(file)));
  return configured(user, client, setup, [
    ...client.publish(
      setup,
      files.map((file) => basename(file)),
    ),
    ...more,
  ]);
}

/** Installs requirements with a client. `more` are additional arguments. */
export async function install(
  user: PythonUser,
  client: Installer,
  setup: PypiSetup,
  requirements: readonly string[],
  more: readonly string[] = [],
): Promise<Ran> {
  await writeAll(user, client.project?.(setup, requirements) ?? {});
  return configured(user, client, setup, [...client.install(setup, requirements), ...more]);
}

async function configured(
  user: PythonUser,
  { tool, carriers }: Publisher | Installer,
  setup: PypiSetup,
  args: readonly string[],
): Promise<Ran> {
  const carrier = setup.carrier ?? Object.keys(carriers)[0] ?? '';
  const configure = carriers[carrier];
  if (!configure) throw new Error(`${tool.id} has no carrier ${carrier}`);
  const { home = {}, env = {}, args: more = [], before = [] } = configure(setup);
  for (const [path, text] of Object.entries(home)) await user.space.write(path, text, 'home');
  for (const command of before) {
    const ran = await user.run([...tool.command, ...command], env);
    if (ran.code !== 0) throw new Error(`${command[0]} of ${tool.id} failed: ${ran.seen}`);
  }
  return user.run([...tool.command, ...args, ...more], env);
}

async function writeAll(user: PythonUser, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) await user.space.write(path, text);
}

/** The user name and secret that a client sends; both empty without a token. */
export function credentialsOf({ token, username }: PypiSetup): { username: string; secret: string } {
  return { username: token ? (username ?? token.username) : '', secret: token?.secret ?? '' };
}

/** An address with the credentials in it, if there are any. */
export function withCredentials(url: string, setup: PypiSetup): string {
  const { username, secret } = credentialsOf(setup);
  if (secret === '') return url;
  return url.replace('://', `://${encodeURIComponent(username)}:${encodeURIComponent(secret)}@`);
}

/** The lines of a .netrc that hold the credentials for the registry's host. */
export function netrc(setup: PypiSetup): string {
  const { username, secret } = credentialsOf(setup);
  return `machine ${new URL(setup.endpoint).hostname}\nlogin ${username}\npassword ${secret}\n`;
}

/** The address of the index to install from. */
export function indexOf({ endpoint }: PypiSetup): string {
  return `${endpoint}/simple/`;
}
