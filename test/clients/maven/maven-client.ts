import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestToken } from '../../kit/accounts.ts';
import type { Ran } from '../../kit/run-program.ts';
import {
  installedFolder,
  makeWorkspace,
  systemTool,
  type Tool,
  unpackedTool,
  type Workspace,
} from '../client.ts';

/** Debian's Maven, which shows its user the status line of a response, and newer ones. */
export const mavenOfDebian = systemTool('mvn', /^Apache Maven (\S+)/m, 'mvn of the system');
export const maven3 = unpackedTool('maven-3', 'bin/mvn');
export const maven4 = unpackedTool('maven-4', 'bin/mvn');

/** The headers that Maven's users send tokens in. Basic is by user name and password. */
export const carriers = ['Private-Token', 'Deploy-Token', 'Job-Token', 'Basic'] as const;
/** See `carriers`. */
export type Carrier = (typeof carriers)[number];

/** A server in the settings of Maven. */
export interface Server {
  readonly id: string;
  readonly token: TestToken;
  readonly carrier: Carrier;
}

/** A repository to install from, in the settings of Maven. */
export interface RepositoryUse {
  readonly id: string;
  readonly url: string;
}

/** The settings of a user. */
export interface MavenSetup {
  readonly servers?: readonly Server[];
  /** Where packages come from, plugins among them. */
  readonly repositories?: readonly RepositoryUse[];
  /** Where only plugins come from. */
  readonly pluginRepositories?: readonly RepositoryUse[];
  /** A repository in place of all others, also for what Maven itself needs. */
  readonly mirror?: RepositoryUse;
  /** Groups whose plugins can be called by their prefix. */
  readonly pluginGroups?: readonly string[];
}

/** A user of Maven with one configuration and an empty local repository. */
export interface MavenUser {
  readonly space: Workspace;
  /** The command that starts Maven, and its environment variables. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  mvn(...args: string[]): Promise<Ran>;
  configure(setup: MavenSetup): Promise<void>;
  /** The bytes of a file in the local repository. */
  local(path: string): Promise<Buffer>;
  remove(): Promise<void>;
}

/** A folder with what Maven itself needs, as a repository. */
export const prepared = `file://${installedFolder('maven-repository')}`;

const options = [
  // Maven takes the home of its user from the system and not from the environment.
  '-Duser.home=HOME',
  '-Djansi.mode=strip',
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  // No retries: a request that fails once fails the test.
  '-Dmaven.wagon.http.retryHandler.count=0',
  '-Daether.connector.http.retryHandler.count=0',
  '-Daether.transport.http.retryHandler.count=0',
];

const flags = [
  '--batch-mode',
  '--no-transfer-progress',
  // Newer Mavens look into the prepared folder before they use any repository, and copy nothing from there.
  `-Dmaven.repo.local.tail=${installedFolder('maven-repository')}`,
];

/** A new user of a Maven. */
export async function mavenUser(tool: Tool, setup: MavenSetup = {}): Promise<MavenUser> {
  if (tool.missing) throw new Error(tool.missing);
  const space = await makeWorkspace();
  const env = { MAVEN_OPTS: options.join(' ').replace('HOME', space.home) };
  const command = [...tool.command, ...flags];
  const user: MavenUser = {
    space,
    command,
    env,
    mvn: (...args) => space.run([...command, ...args], { env, timeoutMs: 170_000 }),
    configure: async (next) => void (await space.write('.m2/settings.xml', settings(next), 'home')),
    local: (path) => readFile(join(space.home, '.m2/repository', path)),
    remove: () => space.remove(),
  };
  await user.configure(setup);
  return user;
}

function settings(setup: MavenSetup): string {
  const { servers = [], repositories = [], pluginRepositories = [], mirror, pluginGroups = [] } = setup;
  const central = { id: 'central', url: prepared };
  const all = [central, ...repositories];
  const plugins = [...all, ...pluginRepositories];
  return `<settings>
  <pluginGroups>${pluginGroups.map((group) => `<pluginGroup>${group}</pluginGroup>`).join('')}</pluginGroups>
  <mirrors>${mirror ? `<mirror><id>${mirror.id}</id><mirrorOf>*</mirrorOf><url>${mirror.url}</url></mirror>` : ''}</mirrors>
  <servers>${servers.map(serverXml).join('')}</servers>
  <profiles><profile><id>test</id>
    <repositories>${all.map((use) => repositoryXml('repository', use)).join('')}</repositories>
    <pluginRepositories>${plugins.map((use) => repositoryXml('pluginRepository', use)).join('')}</pluginRepositories>
  </profile></profiles>
  <activeProfiles><activeProfile>test</activeProfile></activeProfiles>
</settings>
`;
}

function serverXml({ id, token, carrier }: Server): string {
  const { username, secret } = token;
  if (carrier === 'Basic') {
    return `<server><id>${id}</id><username>${username}</username><password>${secret}</password></server>`;
  }
  const header = `<property><name>${carrier}</name><value>${secret}</value></property>`;
  return `<server><id>${id}</id><configuration><httpHeaders>${header}</httpHeaders></configuration></server>`;
}

/** Files from the registry must match their checksums; the prepared folder has no checksums. */
export function repositoryXml(
  element: 'repository' | 'pluginRepository',
  { id, url }: RepositoryUse,
): string {
  const checksums = id === 'central' ? 'ignore' : 'fail';
  const policy = `<enabled>true</enabled><updatePolicy>always</updatePolicy><checksumPolicy>${checksums}</checksumPolicy>`;
  return `<${element}><id>${id}</id><url>${url}</url><releases>${policy}</releases><snapshots>${policy}</snapshots></${element}>`;
}
