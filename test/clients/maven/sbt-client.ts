import { join } from 'node:path';
import type { TestToken } from '../../kit/accounts.ts';
import { installedFolder, makeWorkspace, type Tool, unpackedTool, type Workspace } from '../client.ts';

const home = installedFolder('sbt');

/** sbt, which installs with Coursier and publishes with Ivy. */
export const sbt: Tool = unpackedTool('sbt', 'sbt-launch.jar');

/** A subproject of a build: its repository, its token, and its dependency. */
export interface SbtProject {
  readonly url: string;
  readonly token: TestToken | undefined;
  /** `group % artifact % version`, each quoted. */
  readonly needs?: string;
  /** Another subproject that it needs. */
  readonly dependsOn?: string;
}

/** A user of sbt. */
export interface SbtUser {
  readonly space: Workspace;
  /** The command that starts sbt, and its environment variables. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The text of a `build.sbt` with these settings of the root project, and these projects below it. */
  script(organization: string, root: string, projects: Readonly<Record<string, SbtProject>>): string;
  /** The installed path of a file from a repository. */
  installed(url: string, path: string): string;
}

/** A new user of sbt, with nothing installed but sbt itself. */
export async function sbtUser(): Promise<SbtUser> {
  if (sbt.missing) throw new Error(sbt.missing);
  const space = await makeWorkspace();
  const command = [
    'java',
    `-Duser.home=${space.home}`,
    `-Dsbt.boot.directory=${home}/boot`,
    `-Dsbt.global.base=${space.home}/.sbt`,
    `-Dsbt.ivy.home=${space.home}/.ivy2`,
    '-Dsbt.ci=true',
    '-Dsbt.color=false',
    '-Dsbt.supershell=false',
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    '-jar',
    join(home, 'sbt-launch.jar'),
  ];
  const env = { COURSIER_CACHE: `${home}/coursier`, COURSIER_MODE: 'missing' };
  await space.provide('sbt', command);
  await space.write('project/build.properties', `sbt.version=${sbt.version}\n`);
  return {
    space,
    command,
    env,
    script(organization, root, projects) {
      const common = `ThisBuild / organization := "${organization}"
ThisBuild / version := "1.0"
ThisBuild / csrCacheDirectory := file("${space.home}/installed")
${plain.join('\n')}
`;
      const all = Object.entries(projects).map(([name, project]) => projectScript(name, project));
      return common + root + all.join('\n');
    },
    installed(url, path) {
      const { protocol, host, pathname } = new URL(url);
      const escaped = `${protocol.slice(0, -1)}/${host.replace(':', '%3A')}${pathname.replaceAll('%', '%25')}`;
      return join(space.home, 'installed', escaped, path);
    },
  };
}

/** Settings of projects without Scala: the tests are about sbt, not the compiler. */
const plain = [
  'autoScalaLibrary := false',
  'crossPaths := false',
  'managedScalaInstance := false',
  'packageDoc / publishArtifact := false',
  'packageSrc / publishArtifact := false',
];

/** A project that publishes a prepared file. */
function projectScript(name: string, { url, token, needs, dependsOn }: SbtProject): string {
  const repository = `("packhouse" at "${url}").withAllowInsecureProtocol(true)`;
  const host = new URL(url).hostname;
  const credentials =
    token &&
    `credentials := Seq(Credentials("GitLab Packages Registry", "${host}", "${token.username}", "${token.secret}")),`;
  const needed = dependsOn ? `.dependsOn(${dependsOn})` : '';
  return `lazy val ${name.replaceAll('-', '_')} = (project in file("${name}"))${needed}.settings(
  moduleName := "${name}",
  ${plain.join(',\n  ')},
  publishMavenStyle := true,
  Compile / packageBin := file("${name}.jar").getAbsoluteFile,
  ${credentials ?? 'credentials := Nil,'}
  externalResolvers := Seq(${repository}),
  publishTo := Some(${repository}),
  libraryDependencies := Seq(${needs ?? ''})
)
`;
}
