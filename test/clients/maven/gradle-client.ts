import type { TestToken } from '../../kit/accounts.ts';
import { makeWorkspace, systemTool, type Workspace } from '../client.ts';

/**
 * Debian's Gradle, 4.4.1. Its `maven-publish` does not support HTTP, so it publishes the POM and the jars with
 * `ivy-publish`, which uses Gradle's own HTTP client, in the layout of Maven.
 */
export const gradle = systemTool('gradle', /^Gradle (\S+)/m);

/** A repository with a user name and a password, in a build script. */
export function repositoryScript(url: string, token: TestToken | undefined): string {
  const credentials = token && `credentials { username '${token.username}'; password '${token.secret}' }`;
  return `url '${url}'; ${credentials ?? ''}`;
}

/** A subproject that publishes its jar, its sources and its POM. */
export function publishScript(url: string, token: TestToken | undefined): string {
  return `
apply plugin: 'java'
apply plugin: 'maven-publish'
apply plugin: 'ivy-publish'
task sourcesJar(type: Jar) { from sourceSets.main.allSource; classifier = 'sources' }
publishing {
  publications {
    pom(MavenPublication) { from components.java }
    layout(IvyPublication) {
      from components.java
      artifact(sourcesJar) { classifier 'sources'; type 'jar' }
      artifact(file("$buildDir/publications/pom/pom-default.xml")) { type 'pom'; extension 'pom' }
    }
  }
  repositories {
    ivy {
      ${repositoryScript(url, token)}
      layout 'pattern', {
        artifact '[organisation]/[module]/[revision]/[module]-[revision](-[classifier]).[ext]'
        ivy '[organisation]/[module]/[revision]/ivy-[revision].xml'
        m2compatible = true
      }
    }
  }
}
`;
}

/** The tasks that publish a subproject of `publishScript`, in their order. */
export const publishTasks = ['generatePomFileForPomPublication', 'publishLayoutPublicationToIvyRepository'];

/**
 * A subproject whose task `fetch` copies a dependency with its own dependencies into `fetched/<its name>`, after every
 * publish of the build.
 */
export function fetchScript(url: string, token: TestToken | undefined, dependency: string): string {
  return `
configurations { wanted }
repositories { maven { ${repositoryScript(url, token)} } }
dependencies { wanted '${dependency}' }
task fetch { doLast { copy { from configurations.wanted; into "$rootDir/fetched/$project.name" } } }
fetch.mustRunAfter { rootProject.subprojects.collectMany { it.tasks.findAll { it.name.startsWith('publish') } } }
`;
}

/** A user of Gradle. */
export interface GradleUser {
  readonly space: Workspace;
  /** The command that starts Gradle, and its environment variables. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Writes these subprojects, by name, but not the root project above them. */
  write(subprojects: Readonly<Record<string, string>>): Promise<void>;
}

/** A new user of Gradle, whose cache is empty. */
export async function gradleUser(): Promise<GradleUser> {
  if (gradle.missing) throw new Error(gradle.missing);
  const space = await makeWorkspace();
  const env = { JAVA_OPTS: `-Duser.home=${space.home} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC` };
  const flags = ['--no-daemon', '--gradle-user-home', `${space.home}/.gradle`, '--continue'];
  const command = [...gradle.command, ...flags];
  return {
    space,
    command,
    env,
    async write(subprojects) {
      const names = Object.keys(subprojects);
      await space.write('settings.gradle', names.map((name) => `include '${name}'\n`).join(''));
      for (const [name, script] of Object.entries(subprojects)) {
        await space.write(`${name}/build.gradle`, script);
        await space.write(`${name}/src/main/resources/${name}.txt`, `the file of ${name}\n`);
      }
    },
  };
}
