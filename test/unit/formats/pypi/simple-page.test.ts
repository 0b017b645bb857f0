import { describe, expect, test } from 'vitest';
import type { Digest, DigestAlgorithm } from '../../../../services/domain/digests.ts';
import type { PackageFile, PackageStatus, Version } from '../../../../services/domain/packages.ts';
import { htmlPage, jsonPage } from '../../../../services/formats/pypi/read/simple-page.ts';
import type { FileFacts, Metadata } from '../../../../services/formats/pypi/schema.ts';
import { BASE } from '../../../../services/registry/documents/document-kind.ts';
import type { PackageContents } from '../../../../services/registry/documents/package-contents.ts';
import { renderIndex } from '../../../../services/registry/documents/render-index.ts';
import { named } from '../../../kit/names.ts';

const ref = { projectId: 1, format: 'pypi', name: named.package('my-pkg') };
const head = { ...ref, revision: 3, versionCount: 2, updatedAt: 0 };

function release(
  id: number,
  version: string,
  options: { status?: PackageStatus; yanked?: string } = {},
): Version<Metadata> {
  const { status = 'default', yanked } = options;
  const metadata = { ...(yanked !== undefined && { yanked }) } as Metadata;
  return {
    ...ref,
    id,
    version: named.version(version),
    status,
    metadata,
    creatorId: 1,
    createdAt: 0,
    updatedAt: 0,
  };
}

function file(
  { id: versionId, version }: Version,
  fileName: string,
  more: Partial<PackageFile<FileFacts>> = {},
): PackageFile<FileFacts> {
  // Not real digests, but readable in the expected pages. Renderers only copy them.
  const digest = <A extends DigestAlgorithm>(algorithm: A) => `${algorithm}-of-${fileName}` as Digest<A>;
  return {
    id: versionId * 10,
    versionId,
    version,
    fileName: named.file(fileName),
    contentType: 'application/octet-stream',
    size: 5,
    digests: {
      md5: digest('md5'),
      sha1: digest('sha1'),
      sha256: digest('sha256'),
      sha512: digest('sha512'),
    },
    storageKey: 'blobs/00/x',
    createdAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    metadata: { requiresPython: '' },
    ...more,
  };
}

function contents(versions: Version<Metadata>[], files: PackageFile[]): PackageContents<Metadata> {
  return { head, versions, files, tags: [] };
}

const one = release(1, '1.0');
const wheel = 'my_pkg-1.0-py3-none-any.whl';
const full = contents(
  [one],
  [
    file(one, wheel, { metadata: { requiresPython: `>=3.9,<4,==='4"&` } }),
    file(one, `${wheel}.metadata`, { partOf: named.file(wheel) }),
    file(one, `${wheel}.asc`, { partOf: named.file(wheel) }),
    file(one, `${wheel}.provenance`, { partOf: named.file(wheel) }),
    file(one, 'my_pkg-1.0+x.tar.gz'),
  ],
);

describe('the page of a project', () => {
  test('is rendered as JSON', async () => {
    expect(JSON.parse(await renderIndex(jsonPage, full))).toEqual({
      meta: { 'api-version': '1.4' },
      name: 'my-pkg',
      versions: ['1.0'],
      files: [
        {
          filename: 'my_pkg-1.0+x.tar.gz',
          url: `${BASE}/files/sha256-of-my_pkg-1.0+x.tar.gz/my_pkg-1.0%2Bx.tar.gz`,
          hashes: { sha256: 'sha256-of-my_pkg-1.0+x.tar.gz' },
          size: 5,
          'upload-time': '2026-01-02T03:04:05.678Z',
          yanked: false,
          'core-metadata': false,
          'data-dist-info-metadata': false,
          provenance: null,
        },
        {
          filename: wheel,
          url: `${BASE}/files/sha256-of-${wheel}/${wheel}`,
          hashes: { sha256: `sha256-of-${wheel}` },
          'requires-python': `>=3.9,<4,==='4"&`,
          size: 5,
          'upload-time': '2026-01-02T03:04:05.678Z',
          yanked: false,
          'core-metadata': { sha256: `sha256-of-${wheel}.metadata` },
          'data-dist-info-metadata': { sha256: `sha256-of-${wheel}.metadata` },
          'gpg-sig': true,
          provenance: `${BASE}/integrity/my-pkg/1.0/${wheel}/provenance`,
        },
      ],
    });
  });

  test('is rendered as HTML, byte for byte', async () => {
    expect(await renderIndex(htmlPage, full)).toBe(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="pypi:repository-version" content="1.4">
<title>Links for my-pkg</title>
</head>
<body>
<h1>Links for my-pkg</h1>
<a href="${BASE}/files/sha256-of-my_pkg-1.0+x.tar.gz/my_pkg-1.0%2Bx.tar.gz#sha256=sha256-of-my_pkg-1.0+x.tar.gz">my_pkg-1.0+x.tar.gz</a><br>
<a href="${BASE}/files/sha256-of-${wheel}/${wheel}#sha256=sha256-of-${wheel}" data-requires-python="&gt;=3.9,&lt;4,===&#39;4&quot;&amp;" data-core-metadata="sha256=sha256-of-${wheel}.metadata" data-dist-info-metadata="sha256=sha256-of-${wheel}.metadata" data-gpg-sig="true" data-provenance="${BASE}/integrity/my-pkg/1.0/${wheel}/provenance">${wheel}</a><br>
</body>
</html>
`);
  });

  test('sorts versions according to PEP 440, and files by name', async () => {
    const versions = ['1.10', '1.9', '1.10rc1', '1!0.1', '1.10.post1'].map((version, index) =>
      release(index, version),
    );
    const files = versions.flatMap((each) => [
      file(each, `b-${each.version}.tar.gz`),
      file(each, `a-${each.version}.zip`),
    ]);
    const page = JSON.parse(await renderIndex(jsonPage, contents(versions, files)));
    expect(page.versions).toEqual(['1.9', '1.10rc1', '1.10', '1.10.post1', '1!0.1']);
    expect(page.files.slice(0, 3).map((each: { filename: string }) => each.filename)).toEqual([
      'a-1.9.zip',
      'b-1.9.tar.gz',
      'a-1.10rc1.zip',
    ]);
  });

  test('marks yanked files with the reason', async () => {
    const versions = [
      release(1, '1', { status: 'deprecated', yanked: '' }),
      release(2, '2', { status: 'deprecated', yanked: 'broken "on" <3.9' }),
      release(3, '3'),
    ];
    const all = contents(
      versions,
      versions.map((each) => file(each, `a-${each.version}.tar.gz`)),
    );
    const yanked = JSON.parse(await renderIndex(jsonPage, all)).files.map(
      (each: { yanked: unknown }) => each.yanked,
    );
    expect(yanked).toEqual([true, 'broken "on" <3.9', false]);
    const html = (await renderIndex(htmlPage, all)).match(/ data-yanked="[^"]*"/g);
    expect(html).toEqual([' data-yanked=""', ' data-yanked="broken &quot;on&quot; &lt;3.9"']);
  });

  test('leaves out versions that are not listed or have no files', async () => {
    const hidden = release(2, '2.0', { status: 'hidden' });
    const empty = release(3, '3.0');
    const page = JSON.parse(
      await renderIndex(jsonPage, contents([one, hidden, empty], [file(hidden, 'a-2.0.zip'), ...full.files])),
    );
    expect(page.versions).toEqual(['1.0']);
    expect(page.files).toHaveLength(2);
  });

  test('is empty if there is no listed version with files', async () => {
    const hidden = release(2, '2.0', { status: 'hidden' });
    const nothing = contents([hidden, release(3, '3.0')], [file(hidden, 'a-2.0.zip')]);
    expect([await renderIndex(jsonPage, nothing), await renderIndex(htmlPage, nothing)]).toEqual(['', '']);
  });
});
