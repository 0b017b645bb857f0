import { RegistryError } from '../../../domain/errors.ts';
import type { PackageName, VersionName } from '../../../domain/names.ts';
import { type FormatContext, pull } from '../../../http/access/guard.ts';
import { indexDocument } from '../../../http/answer/index-document.ts';
import { reply } from '../../../http/answer/reply.ts';
import { type DocumentOptions, sendDocument } from '../../../http/answer/send-document.ts';
import { sendFile } from '../../../http/answer/send-file.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import type { FoundPackage } from '../../../registry/access/find-package.ts';
import { heldPackage, type Selection } from '../../../registry/access/holdings.ts';
import { type Document, wholeDocument } from '../../../registry/documents/document-cache.ts';
import { BASE } from '../../../registry/documents/document-kind.ts';
import { versionsOf } from '../../../registry/documents/versions-of.ts';
import { readMetadata } from '../../../registry/packages/read-metadata.ts';
import { type Hive, hives, packageFile, symbolPackageFile } from '../addresses.ts';
import { baseOf, nameOf, versionOf } from '../context.ts';
import { packageVersion } from '../names.ts';
import { compareVersions, normalised, parseVersion } from '../nuget-version.ts';
import { releaseOf, releasesOf } from '../releases.ts';
import { metadata } from '../schema.ts';
import { extract } from './extract.ts';
import { semVer1List, versionList, versionsIn } from './flat-container.ts';
import { inHive, PAGE, registrationIndex, renderLeaf, renderPage } from './registration.ts';
import { serviceIndex } from './service-index.ts';

/** The service index, package files and parts of them, and registrations. */
export function readRoutes(app: FormatRoutes): void {
  for (const path of ['/', '/index', '/index.json']) app.get(path, service);
  for (const path of ['/download/:id/index', '/download/:id/index.json']) {
    app.get(path, pull({ name: nameOf }, listVersions));
  }
  app.get('/download/:id/:version/:file', pull({ name: nameOf, select: selectContent }, download));
  app.get('/v2/package/:id/:version', pull({ name: nameOf, select: selectContent }, download));
  for (const hive of Object.values(hives)) {
    for (const index of ['index', 'index.json']) {
      app.get(`/${hive.path}/:id/${index}`, pull({ name: nameOf }, registration(hive)));
    }
    app.get(`/${hive.path}/:id/page/:lower/:upper`, pull({ name: nameOf }, page(hive)));
    app.get(`/${hive.path}/:id/:leaf`, pull({ name: nameOf, select: selectLeaf }, leaf(hive)));
  }
}

/**
 * The service index is the same for everyone and needs no credentials: clients that push with a key request it
 * without. It reveals nothing about the contents of the registry.
 */
function service(c: FormatContext): Response {
  return reply(c, 200, serviceIndex(baseOf(c), c.env.address.level === 'project'), {
    'content-type': 'application/json',
    'cache-control': 'private, max-age=300',
  });
}

async function listVersions(c: FormatContext, found: FoundPackage): Promise<Response> {
  const document = await indexDocument(c, found, versionList);
  return sendDocument(c, document, { contentType: 'application/json', variant: 'versions' });
}

/** The requested file of a version; by default the package file. */
function requestedFile(c: FormatContext, name: PackageName): string {
  return (c.req.param('file') ?? `${name}.nupkg`).toLowerCase();
}

/** Selects the version, and the stored file that is requested or that contains the requested part. */
function selectContent(c: FormatContext, name: PackageName): Selection {
  const version = versionOf(c);
  const release = { name, version };
  const symbols = requestedFile(c, name).endsWith('.snupkg');
  return { version, files: [{ fileName: symbols ? symbolPackageFile(release) : packageFile(release) }] };
}

async function download(c: FormatContext, { copy, name, selection }: FoundPackage): Promise<Response> {
  if (!copy || name === undefined) throw new RegistryError('packageNotFound');
  const file = copy.files.get(selection.files?.[0]?.fileName ?? '');
  if (!file) throw new RegistryError('fileNotFound');
  const requested = requestedFile(c, name);
  // The version in the file name may have several spellings.
  const isWhole = requested.startsWith(`${name}.`) && /\.s?nupkg$/.test(requested);
  return isWhole ? sendFile(c, file) : extract(c, copy.version, file, requested);
}

function registration(hive: Hive) {
  const kind = registrationIndex(hive);
  return async (c: FormatContext, found: FoundPackage): Promise<Response> =>
    sendDocument(c, await indexDocument(c, found, kind), optionsOf(hive, 'registration'));
}

function optionsOf(hive: Hive, variant: string): DocumentOptions {
  return {
    contentType: 'application/json',
    variant: `${hive.path}-${variant}`,
    ...(hive.gzip && { encoding: 'gzip' }),
  };
}

/**
 * A page of a registration. It has all versions between its bounds, so a client that read the index before the
 * latest publish misses nothing. Only these versions are read.
 */
function page(hive: Hive) {
  return async (c: FormatContext, found: FoundPackage): Promise<Response> => {
    const [lower, upper] = [c.req.param('lower') ?? '', jsonOf(c.req.param('upper') ?? '')].map(parseVersion);
    if (!lower || !upper) throw new RegistryError('packageNotFound');
    const list = await indexDocument(c, found, hive.semVer2 ? versionList : semVer1List);
    const { registry } = c.env;
    const bounds = `${normalised(lower)}\n${normalised(upper)}`;
    const key = `nuget page\n${baseOf(c)}\n${hive.path}\n${found.name}\n${bounds}`;
    const document = await registry.documents.get<Document>(key, list.revision, async () => {
      const within = (await versionsIn(list)).filter((text) => {
        const version = parseVersion(text);
        return version && compareVersions(version, lower) >= 0 && compareVersions(version, upper) <= 0;
      });
      const text = (await pageOf(c, found, hive, within)).replaceAll(BASE, () => baseOf(c));
      return wholeDocument(list.revision, Buffer.from(text));
    });
    if (document.length === 0) throw new RegistryError('packageNotFound');
    return sendDocument(c, document, optionsOf(hive, 'page'));
  };
}

/**
 * Reads the versions of a page from all projects with the package. Returns an empty text if the page is too long.
 */
async function pageOf(
  c: FormatContext,
  access: FoundPackage,
  hive: Hive,
  versions: readonly VersionName[],
): Promise<string> {
  // Versions may have been added since the index was read.
  if (versions.length > 2 * PAGE) return '';
  const found = await versionsOf(c.env.registry, heldPackage(access), versions, metadata);
  const releases = releasesOf(found).filter((release) => inHive(hive, release));
  return releases.length === 0 ? '' : renderPage(hive, access.name ?? '', releases);
}

function jsonOf(name: string): string {
  return name.endsWith('.json') ? name.slice(0, -'.json'.length) : '';
}

function selectLeaf(c: FormatContext): Selection {
  return { version: packageVersion(jsonOf(c.req.param('leaf') ?? '')) };
}

function leaf(hive: Hive) {
  return async (c: FormatContext, { copy }: FoundPackage): Promise<Response> => {
    const version = copy && readMetadata(c.env.registry, copy.version, metadata);
    if (!version || !inHive(hive, releaseOf(version))) throw new RegistryError('packageNotFound');
    const text = renderLeaf(hive, releaseOf(version)).replaceAll(BASE, () => baseOf(c));
    const document = wholeDocument(`${version.id}.${version.updatedAt}`, Buffer.from(text));
    return sendDocument(c, document, optionsOf(hive, 'leaf'));
  };
}
