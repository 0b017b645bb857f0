import { describe, expect, test } from 'vitest';
import type { PackageStatus, Version } from '../../../../services/domain/packages.ts';
import {
  abbreviatedPackument,
  distTags,
  fullPackument,
} from '../../../../services/formats/npm/read/packument.ts';
import type { Metadata } from '../../../../services/formats/npm/schema.ts';
import { BASE } from '../../../../services/registry/documents/document-kind.ts';
import type { PackageContents } from '../../../../services/registry/documents/package-contents.ts';
import { renderIndex } from '../../../../services/registry/documents/render-index.ts';
import { named } from '../../../kit/names.ts';

const at = Date.UTC(2026, 0, 2, 3, 4, 5);
const head = {
  projectId: 42,
  format: 'npm',
  name: named.package('@acme/tool'),
  revision: 7,
  versionCount: 2,
  updatedAt: at + 60_000,
};

function release(
  version: string,
  options: { manifest?: object; status?: PackageStatus; metadata?: Partial<Metadata>; later?: number } = {},
): Version<Metadata> {
  return {
    projectId: 42,
    format: 'npm',
    name: named.package('@acme/tool'),
    id: 1,
    version: named.version(version),
    status: options.status ?? 'default',
    metadata: {
      manifest: JSON.stringify({ name: '@acme/tool', version, ...options.manifest }),
      shasum: 'aa11',
      integrity: 'sha512-YWE=',
      fileCount: 3,
      unpackedSize: 262,
      hasInstallScript: false,
      hasShrinkwrap: false,
      publisher: 'root',
      attestations: [],
      deprecated: '',
      ...options.metadata,
    },
    creatorId: 1,
    createdAt: at + (options.later ?? 0),
    updatedAt: at,
  };
}

function contents(
  versions: Version<Metadata>[],
  tags: Record<string, string> = {},
): PackageContents<Metadata> {
  const list = Object.entries(tags).map(([tag, version]) => ({
    tag: named.tag(tag),
    version: named.version(version),
    createdAt: at,
    updatedAt: at,
  }));
  return { head, versions, tags: list, files: [] };
}

const one = release('1.0.0', {
  manifest: {
    description: 'A tool',
    license: 'MIT',
    main: 'index.js',
    dependencies: { a: '^1.0.0' },
    peerDependenciesMeta: { b: { optional: true } },
    engines: { node: '>=18' },
    os: ['linux'],
    libc: ['glibc'],
    funding: { url: 'https://acme.test' },
    scripts: { postinstall: 'x' },
  },
  metadata: {
    hasInstallScript: true,
    hasShrinkwrap: true,
    deprecated: 'use 2',
    attestations: [
      { predicateType: 'https://slsa.dev/provenance/v1', fileName: named.file('tool-1.0.0.sigstore') },
    ],
  },
  status: 'deprecated',
});

describe('the index documents of a package', () => {
  test('include the full packument, byte for byte', async () => {
    const text = await renderIndex(fullPackument, {
      ...contents([one], { latest: '1.0.0' }),
      readme: '# Tool',
    });
    expect(text).toBe(
      '{"_id":"@acme/tool","_rev":"7-2a","name":"@acme/tool","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":' +
        '{"name":"@acme/tool","version":"1.0.0","description":"A tool","license":"MIT","main":"index.js",' +
        '"dependencies":{"a":"^1.0.0"},"peerDependenciesMeta":{"b":{"optional":true}},"engines":{"node":">=18"},' +
        '"os":["linux"],"libc":["glibc"],"funding":{"url":"https://acme.test"},"scripts":{"postinstall":"x"},' +
        '"_id":"@acme/tool@1.0.0","_npmUser":{"name":"root","email":""},"deprecated":"use 2",' +
        '"hasInstallScript":true,"_hasShrinkwrap":true,"dist":' +
        `{"tarball":"${BASE}/@acme/tool/-/tool-1.0.0.tgz","shasum":"aa11","integrity":"sha512-YWE=",` +
        '"fileCount":3,"unpackedSize":262,"attestations":' +
        `{"url":"${BASE}/-/npm/v1/attestations/@acme%2ftool@1.0.0","provenance":` +
        '{"predicateType":"https://slsa.dev/provenance/v1"}}}}},"time":{"created":"2026-01-02T03:04:05.000Z",' +
        '"modified":"2026-01-02T03:05:05.000Z","1.0.0":"2026-01-02T03:04:05.000Z"},' +
        '"maintainers":[{"name":"root","email":""}],"description":"A tool","license":"MIT","readme":"# Tool"}',
    );
  });

  test('include the abbreviated packument, byte for byte', async () => {
    expect(await renderIndex(abbreviatedPackument, contents([one], { latest: '1.0.0' }))).toBe(
      '{"name":"@acme/tool","dist-tags":{"latest":"1.0.0"},"versions":{"1.0.0":{"name":"@acme/tool",' +
        '"version":"1.0.0","dependencies":{"a":"^1.0.0"},"peerDependenciesMeta":{"b":{"optional":true}},' +
        '"engines":{"node":">=18"},"os":["linux"],"libc":["glibc"],"funding":{"url":"https://acme.test"},' +
        '"deprecated":"use 2","hasInstallScript":true,"_hasShrinkwrap":true,"dist":' +
        `{"tarball":"${BASE}/@acme/tool/-/tool-1.0.0.tgz","shasum":"aa11","integrity":"sha512-YWE=",` +
        '"fileCount":3,"unpackedSize":262,"attestations":' +
        `{"url":"${BASE}/-/npm/v1/attestations/@acme%2ftool@1.0.0","provenance":` +
        '{"predicateType":"https://slsa.dev/provenance/v1"}}}}},"modified":"2026-01-02T03:05:05.000Z"}',
    );
  });

  test('include the tags of listed versions', async () => {
    const tagged = contents([one, release('2.0.0')], {
      next: '2.0.0',
      latest: '1.0.0',
      beta: '2.0.0',
      gone: '3.0.0',
    });
    expect(await renderIndex(distTags, tagged)).toBe('{"latest":"1.0.0","beta":"2.0.0","next":"2.0.0"}');
  });
});

describe('the versions of a packument', () => {
  const parsed = async (all: PackageContents<Metadata>) =>
    JSON.parse(await renderIndex(fullPackument, all)) as {
      versions: object;
      time: object;
      'dist-tags': Record<string, string>;
      readme: string;
    };

  test('are in ascending order, and their times in order of publication', async () => {
    const all = ['10.0.0', '9.0.0', '1.0.0-rc.1', '1.0.0'].map((version, index) =>
      release(version, { later: index }),
    );
    const document = await parsed(contents(all));
    expect(Object.keys(document.versions)).toEqual(['1.0.0-rc.1', '1.0.0', '9.0.0', '10.0.0']);
    expect(Object.keys(document.time)).toEqual([
      'created',
      'modified',
      '10.0.0',
      '9.0.0',
      '1.0.0-rc.1',
      '1.0.0',
    ]);
  });

  test('are the listed ones', async () => {
    const statuses: PackageStatus[] = [
      'default',
      'hidden',
      'processing',
      'error',
      'deprecated',
      'pending_destruction',
    ];
    const all = statuses.map((status, index) => release(`${index}.0.0`, { status }));
    const document = await parsed(contents(all, { latest: '5.0.0' }));
    expect(Object.keys(document.versions)).toEqual(['0.0.0', '4.0.0']);
    expect(document['dist-tags']).toEqual({ latest: '4.0.0' });
    expect(await renderIndex(fullPackument, contents([release('1.0.0', { status: 'hidden' })]))).toBe('');
  });

  test.each([
    [['1.0.0', '2.0.0-beta.1'], {}, '1.0.0'],
    [['2.0.0-beta.1', '2.0.0-beta.2'], {}, '2.0.0-beta.2'],
    [['1.0.0', '1.9.0', '1.10.0'], {}, '1.10.0'],
    [['1.0.0', '2.0.0'], { latest: '1.0.0' }, '1.0.0'],
    [['1.0.0', '2.0.0'], { latest: '3.0.0' }, '2.0.0'],
  ])('determine the tag latest: of %j with tags %j it is %s', async (versions, tags, latest) => {
    const all = contents(
      versions.map((version) => release(version)),
      tags as Record<string, string>,
    );
    const readmesRead: string[] = [];
    const text = await renderIndex(fullPackument, all, async ({ version }) => {
      readmesRead.push(version);
      return `# ${version}`;
    });
    expect(JSON.parse(text)).toMatchObject({ 'dist-tags': { latest }, readme: `# ${latest}` });
    expect(readmesRead).toEqual([latest]);
  });
});
