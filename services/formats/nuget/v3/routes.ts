import { RegistryError } from '../../../domain/errors.ts';
import type { PackageFile, PackageRef, Version } from '../../../domain/packages.ts';
import { type FormatContext, pull } from '../../../http/access/guard.ts';
import type { Scope } from '../../../http/access/scope.ts';
import { indexDocument } from '../../../http/answer/index-document.ts';
import { reply } from '../../../http/answer/reply.ts';
import { type DocumentOptions, sendDocument } from '../../../http/answer/send-document.ts';
import { sendFile } from '../../../http/answer/send-file.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import type { Document } from '../../../registry/documents/document-cache.ts';
import { mergeContents } from '../../../registry/documents/merge-contents.ts';
import { BASE } from '../../../registry/documents/package-document.ts';
import { entityOf, maybeEntity } from '../../../registry/records/entities.ts';
import { keys } from '../../../registry/records/keys.ts';
import { readMany } from '../../../registry/records/read-many.ts';
import { type Hive, hives, packageFile, symbolPackageFile } from '../addresses.ts';
import { baseOf, nameOf, versionOf } from '../context.ts';
import { packageVersion } from '../names.ts';
import { compareVersions, normalised, parseVersion } from '../nuget-version.ts';
import { isServed, releaseOf, releasesOf } from '../releases.ts';
import type { Metadata } from '../schema.ts';
import { extract } from './extract.ts';
import { semVer1List, versionList, versionsIn } from './flat-container.ts';
import { inHive, PAGE, registrationIndex, renderLeaf, renderPage } from './registration.ts';
import { serviceIndex } from './service-index.ts';

/** The service index, package files with what is in them, and registrations. */
export function readRoutes(app: FormatRoutes): void {
  for (const path of ['/', '/index', '/index.json']) app.get(path, service);
  for (const path of ['/download/:id/index', '/download/:id/index.json']) {
    app.get(path, pull({ name: nameOf }, listVersions));
  }
  app.get('/download/:id/:version/:file', pull({ name: nameOf, more: contentKeys }, download));
  app.get('/v2/package/:id/:version', pull({ name: nameOf, more: contentKeys }, download));
  for (const hive of Object.values(hives)) {
    for (const index of ['index', 'index.json']) {
      app.get(`/${hive.path}/:id/${index}`, pull({ name: nameOf }, registration(hive)));
    }
    app.get(`/${hive.path}/:id/page/:lower/:upper`, pull({ name: nameOf }, page(hive)));
    app.get(`/${hive.path}/:id/:leaf`, pull({ name: nameOf, more: leafKeys }, leaf(hive)));
  }
}

/**
 * The service index says nothing of what is in the registry, and is the same for everyone: who pushes with a key alone
 * asks for it without.
 */
function service(c: FormatContext): Response {
  return reply(c, 200, serviceIndex(baseOf(c), c.env.address.level === 'project'), {
    'content-type': 'application/json',
    'cache-control': 'private, max-age=300',
  });
}

async function listVersions(c: FormatContext, scope: Scope): Promise<Response> {
  const document = await indexDocument(c, scope, versionList);
  return sendDocument(c, document, { contentType: 'application/json', variant: 'versions' });
}

/** What is asked for of a version; without a name it is the package file. */
function askedFile(c: FormatContext): string {
  return (c.req.param('file') ?? `${nameOf(c)}.nupkg`).toLowerCase();
}

/** The version, and the file of it that is asked for or that the asked one is in. */
function contentKeys(c: FormatContext, ref: PackageRef) {
  const version = versionOf(c);
  const release = { name: ref.name, version };
  const symbols = askedFile(c).endsWith('.snupkg');
  const file = symbols ? symbolPackageFile(release) : packageFile(release);
  return [keys.version(ref, version), keys.file(ref, version, file)];
}

/** Sends the file from the first project that lists the version, or else from the first that has it. */
async function download(c: FormatContext, scope: Scope): Promise<Response> {
  const candidates = scope.found.flatMap(({ items: [versionItem, fileItem] }) => {
    const version = maybeEntity<Version<Metadata>>(versionItem);
    const file = maybeEntity<PackageFile>(fileItem);
    return version && file && isServed(version) ? [{ version, file }] : [];
  });
  const found = candidates.find(({ version }) => version.status !== 'hidden') ?? candidates[0];
  if (!found) {
    throw new RegistryError(scope.found.some(({ items }) => items[0]) ? 'fileNotFound' : 'packageNotFound');
  }
  const asked = askedFile(c);
  // The version in the file's name may be written in more than one way.
  const whole = asked.startsWith(`${nameOf(c)}.`) && /\.s?nupkg$/.test(asked);
  return whole ? sendFile(c, found.file) : extract(c, found.version, found.file, asked);
}

function registration(hive: Hive) {
  const kind = registrationIndex(hive);
  return async (c: FormatContext, scope: Scope): Promise<Response> =>
    sendDocument(c, await indexDocument(c, scope, kind), optionsOf(hive, 'registration'));
}

function optionsOf(hive: Hive, variant: string): DocumentOptions {
  return {
    contentType: 'application/json',
    variant: `${hive.path}-${variant}`,
    ...(hive.gzip && { encoding: 'gzip' }),
  };
}

/**
 * A page of a registration. It has the versions between its bounds, so that a client that read the index before the
 * latest publish misses nothing. Only its own versions are read.
 */
function page(hive: Hive) {
  return async (c: FormatContext, scope: Scope): Promise<Response> => {
    const [lower, upper] = [c.req.param('lower') ?? '', jsonOf(c.req.param('upper') ?? '')].map(parseVersion);
    if (!lower || !upper) throw new RegistryError('packageNotFound');
    const list = await indexDocument(c, scope, hive.semVer2 ? versionList : semVer1List);
    const { registry } = c.env;
    const bounds = `${normalised(lower)}\n${normalised(upper)}`;
    const key = `nuget page\n${baseOf(c)}\n${hive.path}\n${nameOf(c)}\n${bounds}`;
    const document = await registry.documents.get(key, list.revision, async () => {
      const within = versionsIn(list.identity).filter((text) => {
        const version = parseVersion(text);
        return version && compareVersions(version, lower) >= 0 && compareVersions(version, upper) <= 0;
      });
      return Buffer.from((await pageOf(c, scope, hive, within)).replaceAll(BASE, baseOf(c)));
    });
    if (document.identity.byteLength === 0) throw new RegistryError('packageNotFound');
    return sendDocument(c, document, optionsOf(hive, 'page'));
  };
}

/** Reads the versions of a page, from each project that holds the package. A page that is too long has no text. */
async function pageOf(
  c: FormatContext,
  scope: Scope,
  hive: Hive,
  versions: readonly string[],
): Promise<string> {
  // Some may have come between since the index was read.
  if (versions.length > 2 * PAGE) return '';
  const heads = scope.found.flatMap(({ head }) => (head ? [head] : []));
  const wanted = heads.flatMap((head) => versions.map((version) => keys.version(head, version)));
  const items = await readMany(c.env.registry.table, wanted);
  const contents = heads.map((head, index) => ({
    head,
    versions: items
      .slice(index * versions.length, (index + 1) * versions.length)
      .flatMap((item) => (item ? [entityOf<Version<Metadata>>(item)] : [])),
    tags: [],
    files: [],
  }));
  const releases = releasesOf(mergeContents(contents)).filter((release) => inHive(hive, release));
  return releases.length === 0 ? '' : renderPage(hive, nameOf(c), releases);
}

function jsonOf(name: string): string {
  return name.endsWith('.json') ? name.slice(0, -'.json'.length) : '';
}

function leafKeys(c: FormatContext, ref: PackageRef) {
  return [keys.version(ref, packageVersion(jsonOf(c.req.param('leaf') ?? '')))];
}

function leaf(hive: Hive) {
  return async (c: FormatContext, scope: Scope): Promise<Response> => {
    const versions = scope.found.flatMap(({ items: [item] }) => {
      const version = maybeEntity<Version<Metadata>>(item);
      return version && isServed(version) && inHive(hive, releaseOf(version)) ? [version] : [];
    });
    const version = versions.find(({ status }) => status !== 'hidden') ?? versions[0];
    if (!version) throw new RegistryError('packageNotFound');
    const identity = Buffer.from(renderLeaf(hive, releaseOf(version)).replaceAll(BASE, baseOf(c)));
    const document: Document = { revision: `${version.id}.${version.updatedAt}`, identity };
    return sendDocument(c, document, optionsOf(hive, 'leaf'));
  };
}
