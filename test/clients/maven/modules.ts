/** Projects of many small modules, each with a repository of its own, so that one run of Maven tries many credentials. */
import { type RepositoryUse, repositoryXml } from './maven-client.ts';

const start = `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>`;

const plugins = [
  ['resources', '3.3.1'],
  ['compiler', '3.14.0'],
  ['surefire', '3.5.3'],
  ['jar', '3.4.2'],
  ['install', '3.1.4'],
  ['deploy', '3.1.4'],
];

/** The project above the modules, which is not deployed itself. */
export function aggregate(group: string, modules: readonly string[]): string {
  return `${start}<groupId>${group}</groupId><artifactId>all</artifactId><version>1.0</version><packaging>pom</packaging>
<properties><maven.deploy.skip>true</maven.deploy.skip></properties>
<modules>${modules.map((name) => `<module>${name}</module>`).join('')}</modules>
<build><pluginManagement>${pluginsXml()}</pluginManagement></build></project>`;
}

/** A module: its coordinates, where it is deployed, and what it needs from which repository. */
export interface Module {
  readonly group: string;
  readonly artifact: string;
  readonly version?: string;
  /** With `pom` it consists of its POM alone. */
  readonly packaging?: 'jar' | 'pom';
  readonly deploy?: RepositoryUse;
  readonly needs?: { readonly group: string; readonly artifact: string; readonly version?: string };
  readonly from?: RepositoryUse;
}

/** The POM of a module; it has no parent, so that nothing else is deployed or looked for. */
export function module(facts: Module): string {
  const { group, artifact, version = '1.0', packaging = 'jar', deploy, needs, from } = facts;
  const dependency =
    needs &&
    `<dependency><groupId>${needs.group}</groupId><artifactId>${needs.artifact}</artifactId>
<version>${needs.version ?? '1.0'}</version></dependency>`;
  const target = deploy && `<id>${deploy.id}</id><url>${deploy.url}</url>`;
  return `${start}<groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version><packaging>${packaging}</packaging>
<properties><maven.compiler.release>11</maven.compiler.release>
<project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties>
${dependency ? `<dependencies>${dependency}</dependencies>` : ''}
${from ? `<repositories>${repositoryXml('repository', from)}</repositories>` : ''}
${target ? `<distributionManagement><repository>${target}</repository></distributionManagement>` : ''}
<build>${pluginsXml()}</build></project>`;
}

function pluginsXml(): string {
  const all = plugins.map(
    ([name, version]) =>
      `<plugin><artifactId>maven-${name}-plugin</artifactId><version>${version}</version></plugin>`,
  );
  return `<plugins>${all.join('')}</plugins>`;
}
