import { createHash } from 'node:crypto';
import type { Project } from '../../services/domain/accounts.ts';
import { digestsOf } from '../../services/domain/digests.ts';
import type { PackageName, VersionName } from '../../services/domain/names.ts';
import type { StagedBlob } from '../../services/domain/packages.ts';
import type { Metadata as NpmMetadata } from '../../services/formats/npm/schema.ts';
import type { Metadata as NugetMetadata } from '../../services/formats/nuget/schema.ts';
import type { Metadata as PypiMetadata } from '../../services/formats/pypi/schema.ts';
import type { Registry } from '../../services/registry/context.ts';
import { type NewFile, publishVersion } from '../../services/registry/packages/publish-version.ts';
import { allFormats } from '../../services/runtime/families/all.ts';
import { named } from '../../test/kit/names.ts';
import { manifestOf } from './manifest.ts';

/** A version without an archive: the metadata that publishing would have read from it, and files without bytes. */
export interface PlainVersion {
  readonly format: string;
  readonly name: PackageName;
  readonly version: VersionName;
  readonly metadata: object;
  readonly files: readonly NewFile[];
}

const names: Readonly<Record<string, string>> = { maven: 'com/example/sample' };

/** Versions of the package `sample` (Maven: `com.example:sample`), in their order. */
export function plainVersions(format: string, count: number): PlainVersion[] {
  return Array.from({ length: count }, (_, index) =>
    plainVersion(format, `1.${Math.floor(index / 100)}.${index % 100}`),
  );
}

/** One version of the package `sample`. */
export function plainVersion(format: string, version: string): PlainVersion {
  const name = names[format] ?? 'sample';
  const metadata = metadataOf(format, name, version);
  return {
    format,
    name: named.package(name),
    version: named.version(version),
    metadata,
    files: filesOf(format, version),
  };
}

/** Publishes a version without an archive. */
export async function publishPlain(
  { registry, project }: { readonly registry: Registry; readonly project: Project },
  version: PlainVersion,
): Promise<void> {
  const actor = { kind: 'user', id: 1, name: 'root' } as const;
  const format = allFormats.find(({ id }) => id === version.format);
  if (!format) throw new Error(`there is no format ${version.format}`);
  await publishVersion(registry, { ...version, format, project, actor });
}

function metadataOf(format: string, name: string, version: string): object {
  if (format === 'npm') {
    return {
      manifest: JSON.stringify(manifestOf(name, version)),
      shasum: hashOf('sha1', version),
      integrity: `sha512-${Buffer.from(hashOf('sha512', version), 'hex').toString('base64')}`,
      fileCount: 4,
      unpackedSize: 12_345,
      hasInstallScript: false,
      hasShrinkwrap: false,
      publisher: 'root',
      attestations: [],
      deprecated: '',
    } satisfies NpmMetadata;
  }
  if (format === 'pypi') {
    return {
      displayName: name,
      metadataVersion: '2.1',
      summary: 'A package of the bench',
      requiresPython: '>=3.9',
      keywords: '',
      author: 'A. Writer',
      license: 'MIT',
      homePage: '',
      descriptionType: 'text/markdown',
      projectUrls: [],
      classifiers: [],
      requiresDist: ['requests>=2', 'attrs'],
      extras: [],
      publisher: 'root',
    } satisfies PypiMetadata;
  }
  return format === 'nuget' ? nuspecOf(name, version) : {};
}

function nuspecOf(id: string, version: string): NugetMetadata {
  const dependencies = ['One', 'Two', 'Three'].map((each) => ({
    id: `Example.${each}`,
    range: '[1.0.0, )',
  }));
  return {
    id,
    version,
    semVer2: false,
    title: 'Sample',
    authors: 'A. Writer',
    description: 'A package of the bench, described as common libraries are',
    summary: '',
    releaseNotes: '',
    copyright: '',
    language: '',
    tags: ['bench', 'sample'],
    projectUrl: 'https://packages.example.com/sample',
    iconUrl: '',
    licenseUrl: '',
    licenseExpression: 'MIT',
    license: '',
    icon: '',
    readme: '',
    requireLicenseAcceptance: false,
    developmentDependency: false,
    minClientVersion: '',
    packageTypes: [],
    dependencyGroups: ['net8.0', 'netstandard2.0'].map((targetFramework) => ({
      targetFramework,
      dependencies,
    })),
    size: 12_345,
    sha512: Buffer.from(hashOf('sha512', version), 'hex').toString('base64'),
  };
}

function filesOf(format: string, version: string): NewFile[] {
  if (format !== 'pypi') return [];
  const fileName = `sample-${version}-py3-none-any.whl`;
  const contentType = 'application/octet-stream';
  return [
    {
      fileName: named.file(fileName),
      contentType,
      blob: blobOf(fileName),
      metadata: { requiresPython: '>=3.9' },
    },
    {
      fileName: named.file(`${fileName}.metadata`),
      contentType,
      blob: blobOf(`${fileName}.metadata`),
      partOf: named.file(fileName),
    },
  ];
}

/** A blob that has digests but no stored bytes. */
function blobOf(content: string): StagedBlob {
  const digests = digestsOf(content);
  return { storageKey: `plain/${digests.sha256}`, size: content.length, digests };
}

function hashOf(algorithm: string, content: string): string {
  return createHash(algorithm).update(content).digest('hex');
}
