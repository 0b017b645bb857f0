import { isListed, type PackageFile, type Version } from '../../../domain/packages.ts';
import type { PackageContents } from '../../../registry/documents/package-contents.ts';
import { BASE, type DocumentKind } from '../../../registry/documents/package-document.ts';
import { parts } from '../file-names.ts';
import type { FileFacts, Metadata } from '../schema.ts';
import { compareVersions } from '../versions.ts';

type Contents = PackageContents<Metadata>;

/** The version of the simple API that is served (PEP 629). */
export const API_VERSION = '1.4';

/** A distribution as an index tells of it. */
interface Listed {
  readonly file: PackageFile<FileFacts>;
  readonly version: Version<Metadata>;
  readonly url: string;
  /** The SHA-256 of its metadata file, when it has one. */
  readonly metadata: string | undefined;
  readonly provenance: string | undefined;
  readonly signed: boolean;
}

/** The files of a project as JSON (PEP 691, 700, 714, 740). */
export const jsonPage: DocumentKind<Metadata> = {
  kind: 'pypi-json-1',
  files: true,
  render: (contents) => rendered(contents, renderJson),
};

/** The files of a project as HTML (PEP 503, 592, 658, 714). */
export const htmlPage: DocumentKind<Metadata> = {
  kind: 'pypi-html-1',
  files: true,
  render: (contents) => rendered(contents, renderHtml),
};

/** Nothing when there is no file to install: the project is then as good as absent. */
function rendered(
  contents: Contents,
  render: (contents: Contents, listed: readonly Listed[]) => string,
): string {
  const listed = listedFiles(contents);
  return listed.length === 0 ? '' : render(contents, listed);
}

/** The distributions of all versions that may be listed, by version and file name. */
function listedFiles({ head, versions, files }: Contents): Listed[] {
  const releases = new Map(versions.filter(isListed).map((version) => [version.id, version]));
  const byName = new Map(files.map((file) => [`${file.versionId}/${file.fileName}`, file]));
  const listed = files.flatMap((file): Listed[] => {
    const version = releases.get(file.versionId);
    if (!version || file.partOf !== undefined) return [];
    const beside = (ending: string) => byName.get(`${file.versionId}/${file.fileName}${ending}`);
    const fileName = encodeURIComponent(file.fileName);
    return [
      {
        file: file as PackageFile<FileFacts>,
        version,
        url: `${BASE}/files/${file.digests.sha256}/${fileName}`,
        metadata: beside(parts.metadata)?.digests.sha256,
        provenance:
          beside(parts.provenance) &&
          `${BASE}/integrity/${head.name}/${encodeURIComponent(version.version)}/${fileName}/provenance`,
        signed: beside(parts.signature) !== undefined,
      },
    ];
  });
  const order = new Map(
    [...releases.values()]
      .map(({ version }) => version)
      .sort(compareVersions)
      .map((version, index) => [version, index]),
  );
  return listed.sort(
    (a, b) =>
      (order.get(a.version.version) ?? 0) - (order.get(b.version.version) ?? 0) ||
      (a.file.fileName < b.file.fileName ? -1 : 1),
  );
}

function renderJson({ head }: Contents, listed: readonly Listed[]): string {
  return JSON.stringify({
    meta: { 'api-version': API_VERSION },
    name: head.name,
    versions: [...new Set(listed.map(({ version }) => version.version))],
    files: listed.map(({ file, version, url, metadata, provenance, signed }) => {
      const core = metadata === undefined ? false : { sha256: metadata };
      const { requiresPython } = factsOf(file);
      const { yanked } = version.metadata;
      return {
        filename: file.fileName,
        url,
        hashes: { sha256: file.digests.sha256 },
        ...(requiresPython !== '' && { 'requires-python': requiresPython }),
        size: file.size,
        'upload-time': new Date(file.createdAt).toISOString(),
        yanked: yanked === undefined ? false : yanked || true,
        'core-metadata': core,
        // What PEP 658 calls it for HTML. By the name it has for JSON, `dist-info-metadata`, pip 22.3 to 23.1 take
        // it and fail on it.
        'data-dist-info-metadata': core,
        ...(signed && { 'gpg-sig': true }),
        provenance: provenance ?? null,
      };
    }),
  });
}

function renderHtml({ head }: Contents, listed: readonly Listed[]): string {
  const links = listed.map(({ file, version, url, metadata, provenance, signed }) => {
    const { requiresPython } = factsOf(file);
    const core = metadata && `sha256=${metadata}`;
    return link(`${url}#sha256=${file.digests.sha256}`, file.fileName, {
      'data-requires-python': requiresPython || undefined,
      'data-yanked': version.metadata.yanked,
      'data-core-metadata': core,
      'data-dist-info-metadata': core,
      'data-gpg-sig': signed ? 'true' : undefined,
      'data-provenance': provenance,
    });
  });
  return `${pageStart(`Links for ${head.name}`)}${links.join('')}${PAGE_END}`;
}

function factsOf({ metadata }: PackageFile<FileFacts>): FileFacts {
  return metadata ?? { requiresPython: '' };
}

/** The start of a page of links. */
export function pageStart(title: string): string {
  const shown = escaped(title);
  return (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n' +
    `<meta charset="utf-8">\n<meta name="pypi:repository-version" content="${API_VERSION}">\n` +
    `<title>${shown}</title>\n</head>\n<body>\n<h1>${shown}</h1>\n`
  );
}

/** The end of a page of links. */
export const PAGE_END = '</body>\n</html>\n';

/** A link of a page, on a line of its own; attributes that are undefined are left out. */
export function link(
  href: string,
  text: string,
  attributes: Readonly<Record<string, string | undefined>> = {},
): string {
  const written = Object.entries({ href, ...attributes }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}="${escaped(value)}"`],
  );
  return `<a ${written.join(' ')}>${escaped(text)}</a><br>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
