import { endpointUrl, type FormatUi, isInsecure, isInsecureElsewhere } from '../../http/format/format-ui.ts';

/** Setup, publish and install instructions for Maven packages. A package's name is its path: `com/acme/widget`. */
export const ui: FormatUi = {
  example: { name: 'com/acme/widget', version: '1.0.0' },
  snippets(endpoint, { name, version }) {
    const url = endpointUrl(endpoint, 'maven');
    const insecure = isInsecure(endpoint);
    const sbtRepository = `"packhouse" at "${url}"`;
    const sbtResolver = insecure ? `(${sbtRepository}).withAllowInsecureProtocol(true)` : sbtRepository;
    const at = name.lastIndexOf('/');
    const group = name.slice(0, at).replaceAll('/', '.');
    const artifact = name.slice(at + 1);
    const coordinates = `${group}:${artifact}:${version}`;
    return [
      {
        step: 'setup',
        client: 'Maven',
        file: '~/.m2/settings.xml',
        text: settings(isInsecureElsewhere(endpoint) ? mirror(url) : ''),
      },
      { step: 'setup', client: 'Maven', file: 'pom.xml', text: pomRepository('repositories', url) },
      {
        step: 'setup',
        client: 'Gradle',
        file: 'build.gradle',
        text: `repositories {\n${gradle(url, insecure)}\n}`,
      },
      { step: 'setup', client: 'sbt', file: 'build.sbt', text: sbt(sbtResolver, new URL(url).hostname) },
      {
        step: 'publish',
        client: 'Maven',
        file: 'pom.xml',
        text: pomRepository('distributionManagement', url),
      },
      { step: 'publish', client: 'Maven', text: 'mvn deploy' },
      { step: 'publish', client: 'Gradle', file: 'build.gradle', text: gradlePublishing(url, insecure) },
      { step: 'publish', client: 'Gradle', text: 'gradle publish' },
      {
        step: 'publish',
        client: 'sbt',
        file: 'build.sbt',
        text: `publishTo := Some(${sbtResolver})`,
      },
      { step: 'publish', client: 'sbt', text: 'sbt publish' },
      {
        step: 'install',
        client: 'Maven',
        file: 'pom.xml',
        text: pomDependency(group, artifact, version),
      },
      {
        step: 'install',
        client: 'Gradle',
        file: 'build.gradle',
        text: `dependencies {\n  implementation '${coordinates}'\n}`,
      },
      {
        step: 'install',
        client: 'sbt',
        file: 'build.sbt',
        text: `libraryDependencies += "${group}" % "${artifact}" % "${version}"`,
      },
    ];
  },
};

function settings(more: string): string {
  return `<settings>
  <servers>
    <server>
      <id>packhouse</id>
      <username>__token__</username>
      <password>\${env.PACKHOUSE_TOKEN}</password>
    </server>
  </servers>${more}
</settings>`;
}

/** Maven 3.8.1 and later block repositories without TLS, except for those that have a mirror of their own. */
function mirror(url: string): string {
  return `
  <mirrors>
    <mirror>
      <id>packhouse</id>
      <url>${url}</url>
      <mirrorOf>packhouse</mirrorOf>
    </mirror>
  </mirrors>`;
}

/** A repository in a POM, inside the element that defines its use. */
function pomRepository(element: 'repositories' | 'distributionManagement', url: string): string {
  return `<${element}>
  <repository>
    <id>packhouse</id>
    <url>${url}</url>
  </repository>
</${element}>`;
}

function pomDependency(group: string, artifact: string, version: string): string {
  return `<dependency>
  <groupId>${group}</groupId>
  <artifactId>${artifact}</artifactId>
  <version>${version}</version>
</dependency>`;
}

function gradle(url: string, insecure: boolean): string {
  return `  maven {
    url = '${url}'${insecure ? '\n    allowInsecureProtocol = true' : ''}
    credentials {
      username = '__token__'
      password = System.getenv('PACKHOUSE_TOKEN')
    }
  }`;
}

function gradlePublishing(url: string, insecure: boolean): string {
  return `apply plugin: 'maven-publish'
publishing {
  publications {
    library(MavenPublication) { from components.java }
  }
  repositories {
${gradle(url, insecure).replaceAll(/^/gm, '  ')}
  }
}`;
}

function sbt(repository: string, host: string): string {
  return `resolvers += ${repository}
credentials += Credentials("GitLab Packages Registry", "${host}", "__token__", sys.env.getOrElse("PACKHOUSE_TOKEN", ""))`;
}
