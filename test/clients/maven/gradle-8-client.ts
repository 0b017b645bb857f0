import { join } from 'node:path';
import type { TestToken } from '../../kit/accounts.ts';
import type { Ran } from '../../kit/run-program.ts';
import { javaTool, makeWorkspace, type Workspace } from '../client.ts';

const main = join(import.meta.dirname, 'gradle-8/Gradle.java');

/** Gradle 8, with its own `maven-publish` and its reader of module metadata; see `gradle-8/Gradle.java`. */
export const gradle8 = javaTool('gradle-8', main, ['--add-opens', 'java.base/java.lang=ALL-UNNAMED']);

/** How a build sends a token: by user name and password, or in a header of this name. */
export type GradleCarrier = 'Basic' | 'Private-Token' | 'Deploy-Token' | 'Job-Token';

/** A repository of a build. */
export interface GradleRepository {
  readonly url: string;
  readonly token: TestToken | undefined;
  readonly carrier?: GradleCarrier;
}

function repositoryScript({ url, token, carrier = 'Basic' }: GradleRepository): string {
  const basic = `credentials { username = '${token?.username}'; password = '${token?.secret}' }`;
  const header = `credentials(HttpHeaderCredentials) { name = '${carrier}'; value = '${token?.secret}' }
    authentication { header(HttpHeaderAuthentication) }`;
  const credentials = carrier === 'Basic' ? basic : header;
  return `maven { url = '${url}'; allowInsecureProtocol = true
    ${token ? credentials : ''} }`;
}

/** A library that is published to a repository, and needs another one. */
export function libraryScript(group: string, repository: GradleRepository, needs?: string): string {
  return `apply plugin: 'java'
apply plugin: 'maven-publish'
group = '${group}'; version = '1.0'
java { withSourcesJar() }
${needs ? `dependencies { implementation '${needs}' }` : ''}
publishing {
  publications { library(MavenPublication) { from components.java } }
  repositories { ${repositoryScript(repository)} }
}
`;
}

/** A build whose task `fetch` copies a dependency, with its own dependencies, into `fetched`. */
export function readerScript(repository: GradleRepository, needs: string): string {
  return `apply plugin: 'java'
repositories { ${repositoryScript(repository)} }
dependencies { implementation '${needs}' }
${fetchTask}`;
}

/** The task `fetch`. */
export const fetchTask =
  "task fetch { doLast { copy { from configurations.runtimeClasspath; into 'fetched' } } }\n";

/** A user of Gradle 8, whose cache is empty, with `gradle` on the path. */
export interface Gradle8User {
  readonly space: Workspace;
  /** Writes the builds into folders of these names, and runs a task of each; continues after failures. */
  runAll(task: string, builds: Readonly<Record<string, string>>): Promise<Ran>;
  remove(): Promise<void>;
}

/** A new user of Gradle 8. */
export async function gradle8User(): Promise<Gradle8User> {
  if (gradle8.missing) throw new Error(gradle8.missing);
  const space = await makeWorkspace({ gradle: gradle8 });
  return {
    space,
    async runAll(task, builds) {
      for (const [name, script] of Object.entries(builds)) {
        await space.write(`${name}/build.gradle`, script);
        await space.write(`${name}/src/main/resources/${name}.txt`, `the file of ${name}\n`);
      }
      return space.run(['gradle', ...Object.keys(builds).map((name) => `${name}:${task}`)]);
    },
    remove: () => space.remove(),
  };
}

/** The error of a build of `runAll`; undefined if it succeeded. */
export function errorIn({ seen }: Ran, name: string, task: string): string | undefined {
  const [, after] = seen.split(`FAILED ${name}:${task}\n`);
  return after?.split(/^> /m)[0];
}
