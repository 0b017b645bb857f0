import { prerelease, SemVer } from 'semver';
import { isListed, type Version } from '../../../domain/packages.ts';
import type { PackageContents } from '../../../registry/documents/package-contents.ts';
import { BASE, type DocumentKind } from '../../../registry/documents/package-document.ts';
import { escapedName, tarballName } from '../names.ts';
import type { Manifest, Metadata } from '../schema.ts';

type Contents = PackageContents<Metadata>;
type Release = Version<Metadata>;

/** What clients ask for while they resolve dependencies, by npm's list of what an installation needs. */
const INSTALL_FIELDS = [
  'name',
  'version',
  'dependencies',
  'optionalDependencies',
  'devDependencies',
  'bundleDependencies',
  'bundledDependencies',
  'peerDependencies',
  'peerDependenciesMeta',
  'acceptDependencies',
  'bin',
  'directories',
  'engines',
  'os',
  'cpu',
  'libc',
  'funding',
];

/** What a packument tells of its latest version at the top. */
const TOP_FIELDS = ['description', 'keywords', 'homepage', 'bugs', 'license', 'author', 'repository'];

/** The whole packument: manifests as published, times, publishers, and the readme of the latest version. */
export const fullPackument: DocumentKind<Metadata> = {
  kind: 'npm-full-1',
  files: false,
  readmeOf: (contents) => latestOf(contents, installable(contents)),
  render: (contents) => rendered(contents, full),
};

/** The packument that installations use: only what resolving dependencies needs. */
export const abbreviatedPackument: DocumentKind<Metadata> = {
  kind: 'npm-abbreviated-1',
  files: false,
  render: (contents) => rendered(contents, abbreviated),
};

/** The tags of a package and the versions they name. */
export const distTags: DocumentKind<Metadata> = {
  kind: 'npm-dist-tags-1',
  files: false,
  render: (contents) => rendered(contents, tagsOf),
};

/** The revision by which a packument that is sent back is known, like CouchDB's. */
export function revisionOf(head: Contents['head']): string {
  return `${head.revision}-${head.projectId.toString(16)}`;
}

/** Nothing when no version may be installed: the package is then as good as absent. */
function rendered(contents: Contents, render: (contents: Contents, releases: Release[]) => object): string {
  const releases = installable(contents);
  return releases.length === 0 ? '' : JSON.stringify(render(contents, releases));
}

function installable({ versions }: Contents): Release[] {
  return versions
    .filter(isListed)
    .map((release) => ({ release, order: new SemVer(release.version) }))
    .sort((a, b) => a.order.compare(b.order))
    .map(({ release }) => release);
}

function full(contents: Contents, releases: Release[]): object {
  const { head, readme } = contents;
  const latest = latestOf(contents, releases);
  const top = latest ? manifestOf(latest) : {};
  return {
    _id: head.name,
    _rev: revisionOf(head),
    name: head.name,
    'dist-tags': tagsOf(contents, releases),
    versions: Object.fromEntries(releases.map((release) => [release.version, fullManifest(release)])),
    time: timesOf(contents, releases),
    maintainers: [...new Set(releases.map(({ metadata }) => metadata.publisher))].map((name) => ({
      name,
      email: '',
    })),
    ...picked(top, TOP_FIELDS),
    readme: readme ?? '',
  };
}

function abbreviated(contents: Contents, releases: Release[]): object {
  return {
    name: contents.head.name,
    'dist-tags': tagsOf(contents, releases),
    versions: Object.fromEntries(
      releases.map((release) => [
        release.version,
        { ...picked(manifestOf(release), INSTALL_FIELDS), ...stateOf(release) },
      ]),
    ),
    modified: iso(contents.head.updatedAt),
  };
}

/** The manifest of one version, as packuments have it and as it is served alone. */
export function fullManifest(release: Release): object {
  const { publisher } = release.metadata;
  return {
    ...manifestOf(release),
    _id: `${release.name}@${release.version}`,
    _npmUser: { name: publisher, email: '' },
    ...stateOf(release),
  };
}

/** What the registry adds to a manifest. */
function stateOf({ name, version, metadata }: Release): object {
  const { deprecated, hasInstallScript, hasShrinkwrap, attestations } = metadata;
  const provenance = attestations.find(({ predicateType }) => predicateType.includes('slsa.dev/provenance'));
  return {
    ...(deprecated !== '' && { deprecated }),
    ...(hasInstallScript && { hasInstallScript }),
    ...(hasShrinkwrap && { _hasShrinkwrap: true }),
    dist: {
      tarball: `${BASE}/${name}/-/${tarballName(name, version)}`,
      shasum: metadata.shasum,
      integrity: metadata.integrity,
      fileCount: metadata.fileCount,
      unpackedSize: metadata.unpackedSize,
      ...(provenance && {
        attestations: {
          url: `${BASE}/-/npm/v1/attestations/${escapedName(name)}@${version}`,
          provenance: { predicateType: provenance.predicateType },
        },
      }),
    },
  };
}

/** The tags of versions that may be installed; without a `latest` of its own, a package has the highest version. */
function tagsOf({ tags }: Contents, releases: Release[]): Record<string, string> {
  const present = new Set(releases.map(({ version }) => version));
  const own = tags
    .filter(({ version }) => present.has(version))
    .map(({ tag, version }): [string, string] => [tag, version])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const latest = own.find(([tag]) => tag === 'latest')?.[1] ?? highest(releases)?.version;
  return Object.fromEntries([...(latest === undefined ? [] : [['latest', latest] as const]), ...own]);
}

function latestOf(contents: Contents, releases: Release[]): Release | undefined {
  const { latest } = tagsOf(contents, releases);
  return releases.find(({ version }) => version === latest);
}

/** The highest version; a prerelease only where there is nothing else. `releases` are sorted. */
function highest(releases: Release[]): Release | undefined {
  return releases.findLast(({ version }) => prerelease(version) === null) ?? releases.at(-1);
}

function timesOf({ head }: Contents, releases: Release[]): Record<string, string> {
  const byTime = [...releases].sort((a, b) => a.createdAt - b.createdAt);
  return Object.fromEntries([
    ['created', iso(byTime[0]?.createdAt ?? head.updatedAt)],
    ['modified', iso(head.updatedAt)],
    ...byTime.map(({ version, createdAt }) => [version, iso(createdAt)]),
  ]);
}

function manifestOf({ metadata }: Release): Manifest {
  return JSON.parse(metadata.manifest) as Manifest;
}

function picked(manifest: Manifest, fields: readonly string[]): Manifest {
  return Object.fromEntries(
    fields.flatMap((field) => (manifest[field] === undefined ? [] : [[field, manifest[field]]])),
  );
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
