import { describe, expect, test } from 'vitest';
import type { FormatRules } from '../../../services/domain/format-rules.ts';
import { parseMetadata, type StoredMetadata } from '../../../services/domain/metadata.ts';
import { allFormats } from '../../../services/runtime/families/all.ts';

/** Metadata as publishing has stored it, in every layout so far. Keep these samples when a layout changes. */
const versions: Readonly<Record<string, readonly StoredMetadata[]>> = {
  container: [
    {
      metadata: {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        artifactType: 'application/vnd.oci.image.config.v1+json',
        size: 423,
        contentSize: 10_240,
        config: 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        subject: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
        annotations: '{"org.opencontainers.image.created":"2026-12-01T00:00:00Z"}',
      },
    },
  ],
  npm: [
    {
      metadata: {
        manifest: '{"name":"@acme/widget","version":"1.0.0","bin":{"widget":"cli.js"}}',
        shasum: 'da39a3ee5e6b4b0d3255bfef95601890afd80709',
        integrity:
          'sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==',
        fileCount: 2,
        unpackedSize: 312,
        hasInstallScript: false,
        hasShrinkwrap: false,
        publisher: 'root',
        attestations: [
          { predicateType: 'https://slsa.dev/provenance/v1', fileName: 'widget-1.0.0.sigstore' },
        ],
        deprecated: '',
      },
    },
  ],
  maven: [
    { metadata: {} },
    {
      metadata: {
        packaging: 'jar',
        name: 'App',
        parent: 'com.example:parent:1',
        licenses: ['MIT'],
        dependencies: [
          { groupId: 'org.slf4j', artifactId: 'slf4j-api' },
          { groupId: 'junit', artifactId: 'junit', version: '4.13', scope: 'test' },
        ],
      },
    },
  ],
  pypi: [
    {
      metadata: {
        displayName: 'My.Pkg',
        metadataVersion: '2.1',
        summary: 'A package',
        requiresPython: '>=3.9',
        keywords: '',
        author: 'Jo',
        license: 'MIT',
        homePage: '',
        descriptionType: 'text/markdown',
        projectUrls: ['Source, https://example.com'],
        classifiers: [],
        requiresDist: ['requests>=2'],
        extras: [],
        publisher: 'root',
        yanked: '',
      },
    },
  ],
  nuget: [
    {
      metadata: {
        id: 'Acme.Widget',
        version: '1.0.0+build',
        semVer2: true,
        title: '',
        authors: 'Jo',
        description: 'A widget',
        summary: '',
        releaseNotes: '',
        copyright: '',
        language: '',
        tags: ['widget'],
        projectUrl: '',
        iconUrl: '',
        licenseUrl: '',
        licenseExpression: 'MIT',
        license: '',
        icon: '',
        readme: 'README.md',
        requireLicenseAcceptance: false,
        developmentDependency: false,
        minClientVersion: '',
        packageTypes: [{ name: 'Dependency', version: '' }],
        dependencyGroups: [
          { targetFramework: 'net8.0', dependencies: [{ id: 'Newtonsoft.Json', range: '[13.0.1, )' }] },
        ],
        size: 1234,
        sha512: 'z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==',
      },
    },
  ],
};

const files: Readonly<Record<string, readonly StoredMetadata[]>> = {
  pypi: [{ metadata: { requiresPython: '>=3.9' } }],
  nuget: [{ metadata: { checksum: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' } }],
};

const subpackages: Readonly<Record<string, readonly StoredMetadata[]>> = {
  maven: [{ metadata: { prefix: 'hello', name: 'The hello plugin' } }],
};

const types = allFormats.flatMap(({ id, metadata, fileMetadata, subpackageMetadata }: FormatRules) => [
  ...(metadata ? [{ id, kind: 'version', type: metadata, samples: versions[id] ?? [] }] : []),
  ...(fileMetadata ? [{ id, kind: 'file', type: fileMetadata, samples: files[id] ?? [] }] : []),
  ...(subpackageMetadata
    ? [{ id, kind: 'subpackage', type: subpackageMetadata, samples: subpackages[id] ?? [] }]
    : []),
]);

describe.each(types)('stored metadata of a $id $kind', ({ type, samples }) => {
  test('can be read in every layout so far', () => {
    const layouts = new Set(samples.map(({ layout = 1 }) => layout));
    expect([...layouts]).toEqual(Array.from({ length: type.layout }, (_, index) => index + 1));
    for (const sample of samples) expect(() => parseMetadata(type, sample)).not.toThrow();
  });

  test('keeps fields that a later release added', () => {
    for (const { metadata, layout } of samples.filter(({ layout = 1 }) => layout === type.layout)) {
      const more = { ...(metadata as object), added: { later: true } };
      expect(parseMetadata(type, { metadata: more, ...(layout && { layout }) })).toEqual(more);
    }
  });

  test.each([
    ['missing', undefined],
    ['a text', 'garbage'],
    ['a list', []],
  ])('is rejected if it is %s', (_case, metadata) => {
    expect(() => parseMetadata(type, { metadata })).toThrow();
  });

  test('is rejected if a field has another type', () => {
    for (const { metadata } of samples) {
      for (const field of Object.keys(metadata as object)) {
        const wrong = { ...(metadata as object), [field]: { other: 'type' } };
        expect(() => parseMetadata(type, { metadata: wrong })).toThrow();
      }
    }
  });

  test('is rejected in a layout of a later release', () => {
    for (const { metadata } of samples) {
      expect(() => parseMetadata(type, { metadata, layout: type.layout + 1 })).toThrow('unknown layout');
    }
  });
});
