import { readableMetadata } from '../../../domain/metadata.ts';
import { type PackageFile, shownVersion, type Version } from '../../../domain/packages.ts';
import { BASE, type Facts, FRAGMENTS, type IndexKind } from '../../../registry/documents/document-kind.ts';
import { parts } from '../file-names.ts';
import { type FileFacts, fileMetadata, type ShownMetadata, shownMetadata } from '../schema.ts';
import { versionOrder } from '../versions.ts';

/** The served version of the simple API (PEP 629). */
export const API_VERSION = '1.4';

/** A distribution as shown in an index. */
interface Distribution {
  readonly file: PackageFile;
  readonly facts: FileFacts;
  readonly version: Version<ShownMetadata>;
  readonly url: string;
  /** The SHA-256 of its metadata file, if it has one. */
  readonly metadata: string | undefined;
  readonly provenance: string | undefined;
  readonly signed: boolean;
}

/** What the frame needs from each version. */
type PageFacts = Facts & Pick<Version, 'displayVersion'>;

/** The files of a project as JSON (PEP 691, 700, 714, 740). */
export const jsonPage: IndexKind<ShownMetadata, PageFacts> = {
  ...pageOf(jsonOf, ','),
  kind: 'pypi-json-3',
  frame({ head, versions }) {
    if (versions.length === 0) return [];
    const meta = JSON.stringify({ meta: { 'api-version': API_VERSION }, name: head.name }).slice(0, -1);
    return [`${meta},"versions":[`, ...namesOf(versions), '],"files":[', FRAGMENTS, ']}'];
  },
};

/** The files of a project as HTML (PEP 503, 592, 658, 714). */
export const htmlPage: IndexKind<ShownMetadata, PageFacts> = {
  ...pageOf(linkOf, ''),
  kind: 'pypi-html-3',
  frame: ({ head, versions }) =>
    versions.length === 0 ? [] : [pageStart(`Links for ${head.name}`), FRAGMENTS, PAGE_END],
};

/** The common part of both pages. Versions without an installable file are left out. */
function pageOf(textOf: (distribution: Distribution) => string, separator: string) {
  return {
    metadata: shownMetadata,
    versions: 'listed',
    files: true,
    order: versionOrder,
    separator,
    fragment(version: Version<ShownMetadata>, files: readonly PackageFile[]) {
      const texts = distributionsOf(version, files).map(textOf);
      return texts.length === 0 ? undefined : { facts: factsOf(version), text: texts.join(separator) };
    },
  } as const;
}

function factsOf({ version, displayVersion }: Version): PageFacts {
  return displayVersion === undefined ? { version } : { version, displayVersion };
}

/** Names per part of the frame. Earlier parts stay the same when a higher version is published. */
const NAMES = 500;

function namesOf(versions: readonly PageFacts[]): string[] {
  const lists: string[] = [];
  for (let start = 0; start < versions.length; start += NAMES) {
    const names = versions
      .slice(start, start + NAMES)
      .map((version) => JSON.stringify(shownVersion(version)));
    lists.push(`${start === 0 ? '' : ','}${names.join()}`);
  }
  return lists;
}

/** The distributions of a version, sorted by file name. */
function distributionsOf(version: Version<ShownMetadata>, files: readonly PackageFile[]): Distribution[] {
  const byName = new Map<string, PackageFile>(files.map((file) => [file.fileName, file]));
  const shown = files.filter(({ partOf }) => partOf === undefined);
  shown.sort((a, b) => (a.fileName < b.fileName ? -1 : 1));
  return shown.flatMap((file): Distribution[] => {
    const facts = fileFactsOf(file);
    if (!facts) return [];
    const companion = (ending: string) => byName.get(`${file.fileName}${ending}`);
    const fileName = encodeURIComponent(file.fileName);
    return [
      {
        file,
        facts,
        version,
        url: `${BASE}/files/${file.digests.sha256}/${fileName}`,
        metadata: companion(parts.metadata)?.digests.sha256,
        provenance:
          companion(parts.provenance) &&
          `${BASE}/integrity/${version.name}/${encodeURIComponent(shownVersion(version))}/${fileName}/provenance`,
        signed: companion(parts.signature) !== undefined,
      },
    ];
  });
}

function jsonOf({ file, facts, version, url, metadata, provenance, signed }: Distribution): string {
  const core = metadata === undefined ? false : { sha256: metadata };
  const { requiresPython } = facts;
  const { yanked } = version.metadata;
  return JSON.stringify({
    filename: file.fileName,
    url,
    hashes: { sha256: file.digests.sha256 },
    ...(requiresPython !== '' && { 'requires-python': requiresPython }),
    size: file.size,
    'upload-time': new Date(file.createdAt).toISOString(),
    yanked: yanked === undefined ? false : yanked || true,
    'core-metadata': core,
    // PEP 658's name for HTML. JSON's own name, `dist-info-metadata`, makes pip 22.3 to 23.1 fail.
    'data-dist-info-metadata': core,
    ...(signed && { 'gpg-sig': true }),
    provenance: provenance ?? null,
  });
}

function linkOf({ file, facts, version, url, metadata, provenance, signed }: Distribution): string {
  const { requiresPython } = facts;
  const core = metadata && `sha256=${metadata}`;
  return link(`${url}#sha256=${file.digests.sha256}`, file.fileName, {
    'data-requires-python': requiresPython || undefined,
    'data-yanked': version.metadata.yanked,
    'data-core-metadata': core,
    'data-dist-info-metadata': core,
    'data-gpg-sig': signed ? 'true' : undefined,
    'data-provenance': provenance,
  });
}

/** The metadata of a file; undefined if it is unreadable, and the file is then left out. */
function fileFactsOf(file: PackageFile): FileFacts | undefined {
  return file.metadata === undefined ? { requiresPython: '' } : readableMetadata(fileMetadata, file);
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

/** A link on a page, on a separate line. Undefined attributes are left out. */
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
