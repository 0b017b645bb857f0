import { RegistryError } from '../../../domain/errors.ts';
import { type PackageName, parseVersionName } from '../../../domain/names.ts';
import type { PackageFile, Version } from '../../../domain/packages.ts';
import { type FormatContext, pull } from '../../../http/access/guard.ts';
import { indexDocument } from '../../../http/answer/index-document.ts';
import { replyJson } from '../../../http/answer/reply.ts';
import { sendDocument } from '../../../http/answer/send-document.ts';
import { sendFile } from '../../../http/answer/send-file.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { type FoundPackage, readAlso } from '../../../registry/access/find-package.ts';
import type { Holding, Selection } from '../../../registry/access/holdings.ts';
import { missingFile } from '../../../registry/access/refusals.ts';
import { openFile } from '../../../registry/blobs/open-file.ts';
import { readMetadata } from '../../../registry/packages/read-metadata.ts';
import { preferred } from '../../../shared/headers/accept.ts';
import { nameOf } from '../context.ts';
import { packageName, tarballName, versionOfTarball } from '../names.ts';
import { publishNotice } from '../publish/publish-notice.ts';
import { type Metadata, metadata } from '../schema.ts';
import { manifest, selectManifest } from './manifest.ts';
import { abbreviatedPackument, fullPackument } from './packument.ts';

const ABBREVIATED = 'application/vnd.npm.install-v1+json';
const FULL = 'application/json';

/** GET of packuments, manifests, tarballs and attestations. */
export function readRoutes(app: FormatRoutes): void {
  app.get('/-/package/:name/visibility', pull({ name: nameOf }, visibility));
  app.get('/-/npm/v1/attestations/:spec', pull({ name: nameOfSpec, select: selectVersion }, attestations));
  app.get('/:name', pull({ name: nameOf }, packument));
  app.get('/:name/-/:file', pull({ name: nameOf, select: selectTarball }, tarball));
  app.get('/:name/:version', pull({ name: nameOf, select: selectManifest }, manifest));
}

async function packument(c: FormatContext, found: FoundPackage): Promise<Response> {
  const type = preferred(c.req.header('accept'), [ABBREVIATED, FULL]);
  const short = type === ABBREVIATED && c.req.query('write') === undefined;
  const document = await indexDocument(c, found, short ? abbreviatedPackument : fullPackument);
  return sendDocument(c, document, {
    contentType: short ? ABBREVIATED : FULL,
    variant: short ? 'abbreviated' : 'full',
    vary: 'Accept',
    again: publishNotice(c.req.raw, c.env) !== undefined,
  });
}

function selectTarball(c: FormatContext, name: PackageName): Selection {
  const version = versionOfTarball(name, c.req.param('file') ?? '');
  return version === undefined ? {} : { version, files: [{ fileName: tarballName(name, version) }] };
}

/**
 * Sends the tarball of the version in the packument; of a version that is not listed, only if there is no other.
 */
async function tarball(c: FormatContext, { copy, holdings }: FoundPackage): Promise<Response> {
  const file = copy?.files.get(tarballName(copy.version.name, copy.version.version));
  if (file) return sendFile(c, file);
  throw missingFile(holdings);
}

/** npm requests this before it publishes with provenance, which it allows for public packages only. */
function visibility(c: FormatContext, { holdings }: FoundPackage): Response {
  const holders = holdings.filter(({ head }) => head);
  if (holders.length === 0) throw new RegistryError('packageNotFound');
  return replyJson(c, 200, { public: holders.some(({ project }) => project.visibility === 'public') });
}

/** Splits `name@version`. */
function specOf(c: FormatContext): [name: string, version: string] {
  const spec = c.req.param('spec') ?? '';
  const at = spec.lastIndexOf('@');
  return [spec.slice(0, Math.max(at, 0)), spec.slice(at + 1)];
}

function nameOfSpec(c: FormatContext): PackageName {
  return packageName(specOf(c)[0]);
}

function selectVersion(c: FormatContext): Selection {
  return { version: parseVersionName(specOf(c)[1]) };
}

/** Sends the bundles of a version with their predicate types, for npm to verify. */
async function attestations(c: FormatContext, found: FoundPackage): Promise<Response> {
  const { copy } = found;
  const version = copy && readMetadata(c.env.registry, copy.version, metadata);
  if (!version || version.metadata.attestations.length === 0) {
    throw new RegistryError('packageNotFound', 'No attestations found');
  }
  return replyJson(c, 200, { attestations: await bundlesOf(c, found, copy.holding, version) });
}

async function bundlesOf(
  c: FormatContext,
  found: FoundPackage,
  holding: Holding,
  version: Version<Metadata>,
) {
  const { attestations } = version.metadata;
  const files = attestations.map(({ fileName }) => ({ fileName }));
  const { copy } = await readAlso(
    c.env.registry,
    { ...found, holdings: [holding], withheld: [] },
    { version: version.version, files },
  );
  const bundles = attestations.map(async ({ predicateType, fileName }) => ({
    predicateType,
    bundle: await bundleOf(c, copy?.files.get(fileName)),
  }));
  return Promise.all(bundles);
}

async function bundleOf(
  { env: { registry } }: FormatContext,
  file: PackageFile | undefined,
): Promise<unknown> {
  if (!file) throw new RegistryError('fileNotFound');
  const { contentType } = file;
  const opened = await openFile(registry, file, { proxy: true, contentType, contentDisposition: 'inline' });
  if ('link' in opened) throw new Error('a proxied file was opened as a link');
  return new Response('bytes' in opened ? new Uint8Array(opened.bytes) : opened.stream).json();
}
