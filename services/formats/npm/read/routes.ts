import { RegistryError } from '../../../domain/errors.ts';
import type { PackageFile, PackageRef, Version } from '../../../domain/packages.ts';
import { type FormatContext, pull } from '../../../http/access/guard.ts';
import type { Scope } from '../../../http/access/scope.ts';
import { indexDocument } from '../../../http/answer/index-document.ts';
import { replyJson } from '../../../http/answer/reply.ts';
import { sendDocument } from '../../../http/answer/send-document.ts';
import { sendFile } from '../../../http/answer/send-file.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { openFile } from '../../../registry/blobs/open-file.ts';
import { maybeEntity } from '../../../registry/records/entities.ts';
import { keys } from '../../../registry/records/keys.ts';
import { nameOf } from '../context.ts';
import { packageName, tarballName, versionOfTarball } from '../names.ts';
import { publishNotice } from '../publish/publish-notice.ts';
import type { Metadata } from '../schema.ts';
import { abbreviatedPackument, fullPackument, isInstallable } from './packument.ts';

const ABBREVIATED = 'application/vnd.npm.install-v1+json';

/** GET of packuments, manifests, tarballs and attestations. */
export function readRoutes(app: FormatRoutes): void {
  app.get('/-/package/:name/visibility', pull({ name: nameOf }, visibility));
  app.get('/-/npm/v1/attestations/:spec', pull({ name: nameOfSpec, more: versionKey }, attestations));
  app.get('/:name', pull({ name: nameOf }, packument));
  app.get('/:name/-/:file', pull({ name: nameOf, more: tarballKey }, tarball));
  app.get('/:name/:version', pull({ name: nameOf }, manifest));
}

async function packument(c: FormatContext, scope: Scope): Promise<Response> {
  const short = c.req.query('write') === undefined && prefersAbbreviated(c.req.header('accept') ?? '');
  const document = await indexDocument(c, scope, short ? abbreviatedPackument : fullPackument);
  return sendDocument(c, document, {
    contentType: short ? ABBREVIATED : 'application/json',
    variant: short ? 'abbreviated' : 'full',
    vary: 'Accept',
    again: publishNotice(c.req.raw, c.env) !== undefined,
  });
}

/** Whether the abbreviated packument is asked for, and not less than the full one. */
function prefersAbbreviated(accept: string): boolean {
  const qualities = new Map(
    accept.split(',').map((range): [string, number] => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='));
      return [type, quality === undefined ? 1 : Number(quality.slice(2))];
    }),
  );
  const abbreviated = qualities.get(ABBREVIATED) ?? 0;
  return abbreviated > 0 && abbreviated >= (qualities.get('application/json') ?? 0);
}

/** One version's manifest, by version or tag. */
async function manifest(c: FormatContext, scope: Scope): Promise<Response> {
  const { identity } = await indexDocument(c, scope, fullPackument);
  const whole = JSON.parse(Buffer.from(identity).toString()) as {
    readonly versions: Readonly<Record<string, object>>;
    readonly 'dist-tags': Readonly<Record<string, string>>;
  };
  const versions = new Map(Object.entries(whole.versions));
  const asked = c.req.param('version') ?? '';
  const found =
    versions.get(asked) ?? versions.get(new Map(Object.entries(whole['dist-tags'])).get(asked) ?? '');
  if (!found) throw new RegistryError('packageNotFound', 'This version is not found');
  return replyJson(c, 200, found, { 'cache-control': 'private, no-cache' });
}

function tarballKey(c: FormatContext, ref: PackageRef) {
  const version = versionOfTarball(ref.name, c.req.param('file') ?? '');
  if (version === undefined) return [];
  return [keys.version(ref, version), keys.file(ref, version, tarballName(ref.name, version))];
}

/** The tarball of the version that the packument shows; one that it does not show is sent where no other is. */
async function tarball(c: FormatContext, scope: Scope): Promise<Response> {
  const file = maybeEntity<PackageFile>(foundOf(scope)?.items[1]);
  if (file) return sendFile(c, file);
  throw new RegistryError(scope.found.some(({ head }) => head) ? 'fileNotFound' : 'packageNotFound');
}

/** Of the projects that hold a version, the one whose own is shown. The version is the first item asked for. */
function foundOf({ found }: Scope): Scope['found'][number] | undefined {
  const holders = found.flatMap((each) => {
    const version = maybeEntity<Version<Metadata>>(each.items[0]);
    return version ? [{ each, shown: isInstallable(version) }] : [];
  });
  return (holders.find(({ shown }) => shown) ?? holders[0])?.each;
}

/** npm asks before it publishes with provenance, which a public package only may have. */
function visibility(c: FormatContext, scope: Scope): Response {
  const holders = scope.found.filter(({ head }) => head);
  if (holders.length === 0) throw new RegistryError('packageNotFound');
  return replyJson(c, 200, { public: holders.some(({ project }) => project.visibility === 'public') });
}

function specOf(c: FormatContext): { name: string; version: string } {
  const spec = c.req.param('spec') ?? '';
  const at = spec.lastIndexOf('@');
  return { name: packageName(spec.slice(0, Math.max(at, 0))), version: spec.slice(at + 1) };
}

function nameOfSpec(c: FormatContext): string {
  return specOf(c).name;
}

function versionKey(c: FormatContext, ref: PackageRef) {
  return [keys.version(ref, specOf(c).version)];
}

/** The bundles of a version, each with what it states, as npm verifies them. */
async function attestations(c: FormatContext, scope: Scope): Promise<Response> {
  const version = maybeEntity<Version<Metadata>>(foundOf(scope)?.items[0]);
  if (!version || version.metadata.attestations.length === 0) {
    throw new RegistryError('packageNotFound', 'No attestations are found');
  }
  const bundles = version.metadata.attestations.map(async ({ predicateType, fileName }) => ({
    predicateType,
    bundle: await bundleOf(c, version, fileName),
  }));
  return replyJson(c, 200, { attestations: await Promise.all(bundles) });
}

async function bundleOf(c: FormatContext, version: Version, fileName: string): Promise<unknown> {
  const { registry } = c.env;
  const file = maybeEntity<PackageFile>(
    await registry.table.get(keys.file(version, version.version, fileName)),
  );
  if (!file) throw new RegistryError('fileNotFound');
  const { contentType } = file;
  const opened = await openFile(registry, file, { proxy: true, contentType, contentDisposition: 'inline' });
  if ('link' in opened) throw new Error('a proxied file was opened as a link');
  return new Response('bytes' in opened ? new Uint8Array(opened.bytes) : opened.stream).json();
}
