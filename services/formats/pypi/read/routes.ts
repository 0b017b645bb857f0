import { parseSha256, type Sha256 } from '../../../domain/digests.ts';
import { RegistryError } from '../../../domain/errors.ts';
import { type PackageName, parseFileName, type VersionName } from '../../../domain/names.ts';
import type { FileInVersion } from '../../../domain/packages.ts';
import { type FormatContext, pull } from '../../../http/access/guard.ts';
import { indexDocument } from '../../../http/answer/index-document.ts';
import { reply } from '../../../http/answer/reply.ts';
import { sendDocument } from '../../../http/answer/send-document.ts';
import { sendFile } from '../../../http/answer/send-file.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import type { FoundPackage } from '../../../registry/access/find-package.ts';
import type { Selection } from '../../../registry/access/holdings.ts';
import { namedFile, parts, readFileName, wholeOf } from '../file-names.ts';
import { projectName } from '../names.ts';
import { PROVENANCE_TYPE } from '../publish/attestations.ts';
import { canonicalVersion, normalizedVersion } from '../versions.ts';
import { representationFor } from './negotiate.ts';
import { htmlPage, jsonPage } from './simple-page.ts';

/** GET of a project's page, of files, and of their provenance. */
export function readRoutes(app: FormatRoutes): void {
  app.get('/simple/:name', pull({ name: nameOf }, page));
  app.get('/files/:sha256/:file', pull({ name: nameOfFile, select: selectFile }, file));
  app.get(
    '/integrity/:name/:version/:file/provenance',
    pull({ name: nameOf, select: selectProvenance }, provenance),
  );
}

function nameOf(c: FormatContext): PackageName {
  return projectName(c.req.param('name') ?? '');
}

/** PEP 503: a page is at the project's normalized name; other spellings redirect to it. */
async function page(c: FormatContext, found: FoundPackage): Promise<Response> {
  const { registry, address } = c.env;
  const { name } = found;
  if (name !== undefined && name !== c.req.param('name')) {
    const query = new URL(c.req.url).search;
    const location = `${registry.settings.url}${address.prefix}/simple/${name}/${query}`;
    return reply(c, 301, null, { location });
  }
  const accept = c.req.header('accept') ?? '';
  const { form, contentType, variant } = representationFor(accept, c.req.query('format'));
  const document = await indexDocument(c, found, form === 'json' ? jsonPage : htmlPage);
  return sendDocument(c, document, { contentType, variant, vary: 'Accept' });
}

function fileParam(c: FormatContext): string {
  return c.req.param('file') ?? '';
}

/** The package name in the requested file name. @throws RegistryError `fileNotFound` if it or the digest is bad. */
function nameOfFile(c: FormatContext): PackageName {
  const distribution = readFileName(wholeOf(fileParam(c)));
  if (!distribution || !digestParam(c)) throw new RegistryError('fileNotFound');
  return distribution.name;
}

/** Selects the requested file and its distribution, often the same file, whose digest is in the address. */
function selectFile(c: FormatContext): Selection {
  const whole = wholeOf(fileParam(c));
  const files = [...new Set([whole, fileParam(c)])].flatMap(selected);
  return { ...versionSelection(readFileName(whole)?.version), files, sha256: digestParam(c) };
}

function versionSelection(spelledVersion: VersionName | undefined): Selection {
  if (spelledVersion === undefined) return {};
  return { version: canonicalVersion(spelledVersion), spelledVersion };
}

function selected(text: string): readonly FileInVersion[] {
  const fileName = parseFileName(text);
  return fileName ? [namedFile(fileName)] : [];
}

function digestParam(c: FormatContext): Sha256 | undefined {
  return parseSha256(c.req.param('sha256') ?? '');
}

async function file(c: FormatContext, { copy }: FoundPackage): Promise<Response> {
  const found = copy?.files.get(fileParam(c));
  if (found) return sendFile(c, found);
  const exists = copy?.files.has(wholeOf(fileParam(c)));
  throw new RegistryError(exists ? 'fileNotFound' : 'packageNotFound');
}

function provenanceFile(c: FormatContext): string {
  return fileParam(c) + parts.provenance;
}

function selectProvenance(c: FormatContext): Selection {
  const version = normalizedVersion(c.req.param('version') ?? '');
  return { ...versionSelection(version), files: selected(provenanceFile(c)) };
}

/** PyPI's integrity API: https://docs.pypi.org/api/integrity/. */
async function provenance(c: FormatContext, { copy }: FoundPackage): Promise<Response> {
  const found = copy?.files.get(provenanceFile(c));
  if (found) return sendFile(c, found, { contentType: PROVENANCE_TYPE, disposition: 'inline' });
  throw new RegistryError('fileNotFound', 'This file has no provenance');
}
