import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestToken } from '../../kit/accounts.ts';
import type { Ran, Running } from '../../kit/run-program.ts';
import { makeWorkspace, type Tool, type Workspace } from '../client.ts';
import type { WrittenPackage } from './packages.ts';

/** What a client may support beside adding and installing packages, which all do. */
export const abilities = [
  'publish',
  'tagAdd',
  'tagList',
  'tagRemove',
  'deprecate',
  'unpublish',
  'search',
  'view',
  'whoami',
  'ping',
  'audit',
] as const;
/** See `abilities`. */
export type Ability = (typeof abilities)[number];

/** The arguments of a client for a command. */
type Command = (...given: string[]) => readonly string[];

/** The registry in the configuration of a client. */
export interface NpmSetup {
  /** The endpoint, with or without a slash at its end. */
  readonly registry: string;
  /** If given, only packages of this scope (`@acme`) come from the registry, and others from `nowhere`. */
  readonly scope?: string | undefined;
  readonly token?: TestToken | undefined;
  /** How the client sends the token: alone, or with its user name. */
  readonly carrier?: 'bearer' | 'basic';
}

/**
 * A package manager of the npm family. Clients do not retry requests: one that fails once must fail the test.
 */
export interface NpmClient {
  readonly tool: Tool;
  readonly lockfile: string;
  /** The files in the user's home that configure the registry, by path. */
  readonly configuration: (setup: NpmSetup) => Readonly<Record<string, string>>;
  /** Files that a new project needs beside its package.json, by path. */
  readonly projectFiles?: Readonly<Record<string, string>>;
  /** Tools it calls itself, which must be on the path under these names. */
  readonly calls?: Readonly<Record<string, Tool>>;
  readonly add: Command;
  /** Installs what the lock file says, and fails when it does not fit package.json. */
  readonly frozen: Command;
  /** What must be run in a package's folder before it can be published. */
  readonly beforePublish?: Command;
  /** The commands for what it can do. `publish` is given a tag, tag commands a name, a tag and a version. */
  readonly can: Readonly<Partial<Record<Ability, Command>>>;
  /** The command that undoes a deprecation, if that is not to deprecate with an empty reason. */
  readonly undeprecate?: Command;
  /** Whether it installs peer dependencies, or only reports that they are missing. */
  readonly installsPeers: boolean;
  /** How it shows that an installed version is deprecated. */
  readonly showsDeprecation: 'with its reason' | 'without its reason' | 'in its audit';
  /** Why it does not support the other abilities. */
  readonly cannot: Readonly<Partial<Record<Ability, string>>>;
}

/** The registry of packages that must not be requested: nothing listens there. */
export const nowhere = 'http://127.0.0.1:9/';

/** A user of a client with one configuration. */
export interface NpmUser {
  readonly space: Workspace;
  readonly client: NpmClient;
  /** Runs the client in the project. */
  run(args: readonly string[], folder?: string): Promise<Ran>;
  add(...specs: string[]): Promise<Ran>;
  frozen(): Promise<Ran>;
  publish(pkg: WrittenPackage, tag?: string): Promise<Ran>;
  /** Starts a publish without waiting until it exits, and without `beforePublish`. */
  startPublish(pkg: WrittenPackage): Running;
  /** Runs the command for an ability. */
  use(ability: Ability, ...given: string[]): Promise<Ran>;
  /** Configures the client for another registry or token. */
  configure(setup: NpmSetup): Promise<void>;
  /** The text of a file of the project. */
  read(path: string): Promise<string>;
  remove(): Promise<void>;
}

/** Makes a new user of a client, in a new project. `project` has files of the project, by path. */
export async function npmUser(
  client: NpmClient,
  setup: NpmSetup,
  project: Readonly<Record<string, string>> = {},
): Promise<NpmUser> {
  if (client.tool.missing) throw new Error(client.tool.missing);
  const space = await makeWorkspace(client.calls);
  const files = { 'package.json': '{ "name": "app", "version": "0.0.0", "private": true }\n', ...project };
  for (const [path, text] of Object.entries({ ...client.projectFiles, ...files })) {
    await space.write(path, text);
  }
  const user: NpmUser = {
    space,
    client,
    run: (args, folder) =>
      space.run([...client.tool.command, ...args], {
        ...(folder && { cwd: folder }),
      }),
    add: (...specs) => user.run(client.add(...specs)),
    frozen: () => user.run(client.frozen()),
    async publish(pkg, tag = 'latest') {
      if (client.beforePublish) {
        const prepared = await user.run(client.beforePublish(), pkg.folder);
        if (prepared.code !== 0) return prepared;
      }
      return user.run(commandFor(client, 'publish')(tag), pkg.folder);
    },
    startPublish: (pkg) =>
      space.start([...client.tool.command, ...commandFor(client, 'publish')('latest')], { cwd: pkg.folder }),
    use: (ability, ...given) => user.run(commandFor(client, ability)(...given)),
    async configure(next) {
      for (const [path, text] of Object.entries(client.configuration(next))) {
        await space.write(path, text, 'home');
      }
    },
    read: (path) => readFile(join(space.project, path), 'utf8'),
    remove: () => space.remove(),
  };
  await user.configure(setup);
  return user;
}

function commandFor(client: NpmClient, ability: Ability): Command {
  const command = client.can[ability];
  if (!command) throw new Error(`${client.tool.id} can't ${ability}: ${client.cannot[ability]}`);
  return command;
}

/** The lines of an .npmrc that name a registry and the token for it. */
export function npmrc({ registry, scope, token, carrier = 'bearer' }: NpmSetup): string[] {
  const key = `//${new URL(registry).host}${withSlash(new URL(registry).pathname)}`;
  const lines = scope
    ? [`registry=${nowhere}`, `${scope}:registry=${withSlash(registry)}`]
    : [`registry=${withSlash(registry)}`];
  if (token && carrier === 'bearer') lines.push(`${key}:_authToken=${token.secret}`);
  if (token && carrier === 'basic') lines.push(`${key}:_auth=${basicOf(token)}`);
  return lines;
}

/** `user:secret`, in base64. */
export function basicOf({ username, secret }: TestToken): string {
  return Buffer.from(`${username}:${secret}`).toString('base64');
}

/** An address with a slash at its end. */
export function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
