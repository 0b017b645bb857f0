import { SemVer } from 'semver';
import type { VersionName } from '../../../domain/names.ts';
import type { PackageHead, Version } from '../../../domain/packages.ts';
import {
  BASE,
  type Facts,
  FRAGMENTS,
  type FrameContents,
  type FramePart,
  type IndexKind,
  type VersionOrder,
} from '../../../registry/documents/document-kind.ts';
import { defaultVersion } from '../default-tag.ts';
import { escapedName, tarballName } from '../names.ts';
import { type Manifest, type Metadata, metadata } from '../schema.ts';

type Release = Version<Metadata>;

/** The manifest fields that clients need to resolve dependencies: npm's list for abbreviated packuments. */
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

/** The fields of the latest version that a packument repeats at its top level. */
const TOP_FIELDS = ['description', 'keywords', 'homepage', 'bugs', 'license', 'author', 'repository'];

/** The facts of a version that the frame of a full packument needs. */
interface FullFacts extends Facts {
  /** The publish time, in ISO 8601. */
  readonly time: string;
  readonly publisher: string;
}

const order: VersionOrder<SemVer> = {
  parse: (version) => new SemVer(version),
  compare: (a, b) => a.compare(b),
};

const common = {
  metadata,
  versions: 'listed',
  files: false,
  order,
  separator: ',',
} as const;

/** The full packument: published manifests, times, publishers, and the readme of the latest version. */
export const fullPackument: IndexKind<Metadata, FullFacts> = {
  ...common,
  kind: 'npm-full-2',
  fragment: (release) => ({
    facts: {
      version: release.version,
      time: iso(release.createdAt),
      publisher: release.metadata.publisher,
    },
    text: member(release.version, fullManifest(release)),
  }),
  featured: (contents) => tagsOf(contents).latest,
  frame: (contents) => (contents.versions.length === 0 ? [] : fullFrame(contents)),
};

/** The packument for installations, with only the fields needed to resolve dependencies. */
export const abbreviatedPackument: IndexKind<Metadata> = {
  ...common,
  kind: 'npm-abbreviated-2',
  fragment: (release) => ({
    facts: { version: release.version },
    text: member(release.version, { ...picked(manifestOf(release), INSTALL_FIELDS), ...stateOf(release) }),
  }),
  frame(contents) {
    if (contents.versions.length === 0) return [];
    const { name, updatedAt } = contents.head;
    return [
      `{${member('name', name)},${member('dist-tags', tagsOf(contents))},"versions":{`,
      FRAGMENTS,
      `},${member('modified', iso(updatedAt))}}`,
    ];
  },
};

/** The tags of a package and their versions. */
export const distTags: IndexKind<Metadata> = {
  ...common,
  kind: 'npm-dist-tags-2',
  fragment: ({ version }) => ({ facts: { version }, text: '' }),
  frame: (contents) => (contents.versions.length === 0 ? [] : [JSON.stringify(tagsOf(contents))]),
};

/** The revision of a packument (`_rev`), like CouchDB's: edited packuments must have the current one. */
export function revisionOf(head: PackageHead): string {
  return `${head.revision}-${head.projectId.toString(16)}`;
}

function fullFrame(contents: FrameContents<Metadata, FullFacts>): FramePart[] {
  const { head, versions, featured, readme = '' } = contents;
  const top = {
    maintainers: [...new Set(versions.map(({ publisher }) => publisher))].map((name) => ({
      name,
      email: '',
    })),
    ...picked(featured ? manifestOf(featured) : {}, TOP_FIELDS),
    readme,
  };
  return [
    `{${member('_id', head.name)},${member('_rev', revisionOf(head))},${member('name', head.name)},`,
    `${member('dist-tags', tagsOf(contents))},"versions":{`,
    FRAGMENTS,
    '},"time":{',
    ...timesOf(contents),
    `},${JSON.stringify(top).slice(1)}`,
  ];
}

/** A member of a JSON object. */
function member(name: string, value: unknown): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}

/** The manifest of one version, as in packuments and as served separately. */
export function fullManifest(release: Release): object {
  const { publisher } = release.metadata;
  return {
    ...manifestOf(release),
    _id: `${release.name}@${release.version}`,
    _npmUser: { name: publisher, email: '' },
    ...stateOf(release),
  };
}

/** The fields that the registry adds to a manifest. */
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

/** The tags of listed versions. While the version of `latest` is not listed, `latest` is the default version. */
function tagsOf({ tags, versions }: FrameContents<Metadata>): Record<string, VersionName> {
  const named = new Set(tags.map(({ version }) => version));
  const present = new Set(versions.filter(({ version }) => named.has(version)).map(({ version }) => version));
  const own = tags
    .filter(({ version }) => present.has(version))
    .map(({ tag, version }): [string, VersionName] => [tag, version])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const latest =
    own.find(([tag]) => tag === 'latest')?.[1] ?? defaultVersion(versions.map(({ version }) => version));
  return Object.fromEntries([...(latest === undefined ? [] : [['latest', latest] as const]), ...own]);
}

/** Times per part of the frame. Earlier parts stay the same when a version is published. */
const TIMES = 500;

/** The publish times of versions, in ascending order. */
function timesOf({ head, versions }: FrameContents<Metadata, FullFacts>): string[] {
  const byTime = [...versions].sort((a, b) => (a.time === b.time ? 0 : a.time < b.time ? -1 : 1));
  const modified = iso(head.updatedAt);
  const parts = [`${member('created', byTime[0]?.time ?? modified)},${member('modified', modified)}`];
  for (let start = 0; start < byTime.length; start += TIMES) {
    const some = byTime.slice(start, start + TIMES);
    parts.push(some.map(({ version, time }) => `,"${version}":"${time}"`).join(''));
  }
  return parts;
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
