/** The `maven-metadata.xml` documents (https://maven.apache.org/ref/current/maven-repository-metadata/). */
import type { FileName, VersionName } from '../../../domain/names.ts';
import type { PackageFile } from '../../../domain/packages.ts';
import {
  FRAGMENTS,
  type FrameContents,
  type FramePart,
  type IndexKind,
  type VersionIndexKind,
} from '../../../registry/documents/document-kind.ts';
import type { PackageContents } from '../../../registry/documents/package-contents.ts';
import { escapeXml } from '../../../shared/xml/escape-xml.ts';
import { type Build, coordinatesOf, type FileParts, filePartsOf, groupIdOf, isSnapshot } from '../names.ts';
import { type Plugin, pluginMetadata } from '../schema.ts';
import { compareVersions, parseVersion } from '../version-order.ts';

/** The versions of the artifact, and the plugins of the group, with a name. Empty if there are neither. */
export const nameMetadata: IndexKind = {
  kind: 'maven-name-2',
  versions: 'listed',
  files: false,
  subpackages: pluginMetadata,
  order: { parse: parseVersion, compare: compareVersions },
  separator: '\n',
  fragment: ({ version }) => ({ facts: { version }, text: `      ${element('version', version)}` }),
  frame(contents) {
    const plugins = contents.subpackages.map(({ name, metadata }) => ({
      ...(metadata as Plugin),
      packageName: name,
    }));
    if (contents.versions.length === 0 && plugins.length === 0) return [];
    if (contents.versions.length === 0) return [document(pluginLines(plugins))];
    return [`${START}\n`, ...versioning(contents), `\n${[...pluginLines(plugins), END].join('\n')}`];
  },
};

/** The builds of a snapshot. */
export function snapshotMetadata(version: VersionName): VersionIndexKind {
  return {
    kind: `maven-snapshot-1#${version}`,
    version,
    render: (contents) => (contents.files.length === 0 ? '' : snapshotDocument(contents, version)),
  };
}

/** The newest file of each kind of a snapshot, as JSON. Not served: `newestNames` reads it. */
export function newestFiles(version: VersionName): VersionIndexKind {
  return {
    kind: `maven-newest-1#${version}`,
    version,
    render({ head, files }) {
      const newest = newestOf(buildsOf(head.name, version, files));
      return JSON.stringify([...newest].map(([kind, { file }]) => [kind, file.fileName]));
    },
  };
}

/** The names of a snapshot's newest files by their kind (`kindOf`), from a `newestFiles` document. */
export function newestNames(text: string): ReadonlyMap<string, FileName> {
  return new Map(JSON.parse(text) as [string, FileName][]);
}

/** The kind of a file: its extension and classifier. */
export function kindOf({ extension, classifier }: FileParts): string {
  return `${extension} ${classifier}`;
}

/** The files of a snapshot with the parts of their names, the oldest build first. */
function buildsOf(name: string, version: string, files: readonly PackageFile[]): Built[] {
  const { artifactId } = coordinatesOf(name);
  const built = files.flatMap((file): Built[] => {
    const parts = filePartsOf(artifactId, version, file.fileName);
    return parts ? [{ parts, file }] : [];
  });
  return built.sort((a, b) => compareBuilds(a.parts.build, b.parts.build));
}

function newestOf(built: readonly Built[]): ReadonlyMap<string, Built> {
  return new Map(built.map((each) => [kindOf(each.parts), each]));
}

function versioning({ head, versions }: FrameContents): FramePart[] {
  const latest = versions.at(-1)?.version ?? '';
  const release = versions.findLast(({ version }) => !isSnapshot(version))?.version;
  const first = [
    ...coordinateLines(head.name),
    '  <versioning>',
    `    ${element('latest', latest)}`,
    ...(release === undefined ? [] : [`    ${element('release', release)}`]),
    '    <versions>\n',
  ];
  const last = [
    '\n    </versions>',
    `    ${element('lastUpdated', compactTime(head.updatedAt))}`,
    '  </versioning>',
  ];
  return [first.join('\n'), FRAGMENTS, last.join('\n')];
}

function pluginLines(plugins: readonly (Plugin & { readonly packageName: string })[]): string[] {
  if (plugins.length === 0) return [];
  const sorted = [...plugins].sort((a, b) => (a.packageName < b.packageName ? -1 : 1));
  return [
    '  <plugins>',
    ...sorted.flatMap(({ name, prefix, packageName }) => [
      '    <plugin>',
      `      ${element('name', name)}`,
      `      ${element('prefix', prefix)}`,
      `      ${element('artifactId', coordinatesOf(packageName).artifactId)}`,
      '    </plugin>',
    ]),
    '  </plugins>',
  ];
}

/** A file of a snapshot, with the parts of its name. */
interface Built {
  readonly parts: FileParts;
  readonly file: PackageFile;
}

/**
 * Lists the newest file of each classifier and extension. The build at the top, from which Gradle takes all files,
 * is the newest with a POM: a newer one is still being uploaded, or only adds files.
 */
function snapshotDocument({ head, files }: PackageContents, version: string): string {
  const built = buildsOf(head.name, version, files);
  const sorted = [...newestOf(built)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  const complete = built.findLast(({ parts }) => parts.build && parts.extension === 'pom') ?? built.at(-1);
  const updated = Math.max(...files.map(({ createdAt }) => createdAt));
  return document([
    ...coordinateLines(head.name),
    `  ${element('version', version)}`,
    '  <versioning>',
    ...buildLines(complete?.parts.build),
    `    ${element('lastUpdated', compactTime(updated))}`,
    ...(sorted.length === 0
      ? []
      : ['    <snapshotVersions>', ...sorted.flatMap(snapshotVersionLines), '    </snapshotVersions>']),
    '  </versioning>',
  ]);
}

/** By timestamp, because some tools number every build 1. Files without a timestamp sort before all builds. */
function compareBuilds(a: Build | undefined, b: Build | undefined): number {
  if (!a || !b) return Number(a !== undefined) - Number(b !== undefined);
  if (a.timestamp !== b.timestamp) return a.timestamp < b.timestamp ? -1 : 1;
  return a.number - b.number;
}

function buildLines(build: Build | undefined): string[] {
  if (!build) return [];
  return [
    '    <snapshot>',
    `      ${element('timestamp', build.timestamp)}`,
    `      ${element('buildNumber', String(build.number))}`,
    '    </snapshot>',
  ];
}

function snapshotVersionLines({ parts, file }: Built): string[] {
  const { build, classifier, extension, value } = parts;
  return [
    '      <snapshotVersion>',
    ...(classifier === '' ? [] : [`        ${element('classifier', classifier)}`]),
    `        ${element('extension', extension)}`,
    `        ${element('value', value)}`,
    `        ${element('updated', build ? build.timestamp.replace('.', '') : compactTime(file.createdAt))}`,
    '      </snapshotVersion>',
  ];
}

function coordinateLines(name: string): string[] {
  const { groupPath, artifactId } = coordinatesOf(name);
  return [`  ${element('groupId', groupIdOf(groupPath))}`, `  ${element('artifactId', artifactId)}`];
}

const START = '<?xml version="1.0" encoding="UTF-8"?>\n<metadata modelVersion="1.1.0">';
const END = '</metadata>\n';

function document(lines: readonly string[]): string {
  return [START, ...lines, END].join('\n');
}

function element(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`;
}

/** `20260131120000`, in UTC. */
function compactTime(time: number): string {
  return new Date(time).toISOString().replaceAll(/\D/g, '').slice(0, 14);
}
