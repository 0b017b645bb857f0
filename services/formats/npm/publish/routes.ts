import { badRequest, invalidPackage } from '../../../domain/errors.ts';
import type { FileName, TagName } from '../../../domain/names.ts';
import type { StagedBlob } from '../../../domain/packages.ts';
import { type FormatContext, publish, type Target } from '../../../http/access/guard.ts';
import { replyJson } from '../../../http/answer/reply.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { requireAction } from '../../../registry/access/project-rights.ts';
import { discardUnless, stageBytes } from '../../../registry/blobs/stage-blob.ts';
import { type NewFile, publishVersion } from '../../../registry/packages/publish-version.ts';
import { NO_STARS } from '../account/unsupported.ts';
import { changeDeprecations, reasonOf } from '../change/deprecate.ts';
import { nameOf } from '../context.ts';
import { checkNewName, distTag, packageVersion, publishedName, tarballName } from '../names.ts';
import { refusedByClients } from '../refused-by-clients.ts';
import type { Manifest, Metadata, PackageDocument, SentManifest } from '../schema.ts';
import { type KeptAttachment, keptAttachments, purlOf } from './attestations.ts';
import { checkIntegrity } from './check-integrity.ts';
import { checkedManifest, runsAtInstall } from './check-manifest.ts';
import { type Received, type ReceivedTarball, receiveDocument } from './receive-document.ts';

/** The largest stored manifest, in bytes: a table item has at most 400 KB in all. */
const MANIFEST_LIMIT = 300_000;

/** The most tags that a publish sets, and the most that a client may send with it: some send all that exist. */
const MAX_TAGS = 10;
const MAX_SENT_TAGS = 1000;

const MEDIA_TYPE = /^[\w.+-]{1,100}\/[\w.+-]{1,100}$/;

/** `PUT /:name`: publishes a version with a tarball; deprecates versions without one. */
export function publishRoutes(app: FormatRoutes): void {
  const name = (c: FormatContext) => publishedName(c.req.param('name') ?? '');
  app.put('/:name', publish({ name, readsOwner: true }, put));
}

async function put(c: FormatContext, target: Target): Promise<Response> {
  const name = nameOf(c);
  const received = await receiveDocument(c);
  const { tarball } = received;
  if (!tarball) return update(c, target, received.document);
  const staged: StagedBlob[] = [tarball.blob];
  await discardUnless(c.env.registry, staged, async () => {
    const sent = sentVersion(received.document, name);
    if (!target.holding?.head) checkNewName(name);
    checkIntegrity(sent.dist, received.document._attachments?.[tarball.fileName]?.length, tarball.blob);
    const version = packageVersion(sent.version);
    const files = await attachmentFiles(c, received, tarball, { name, version }, staged);
    await publishVersion<Metadata>(c.env.registry, {
      ...target,
      format: c.env.format,
      held: target.holding?.head !== undefined,
      namesToTake: target.access.namesToTake,
      name,
      version,
      status: reasonOf(sent.deprecated) === '' ? 'default' : 'deprecated',
      metadata: metadataOf(sent, tarball, target, files.kept),
      files: [fileOf(tarballName(name, version), 'application/octet-stream', tarball.blob), ...files.files],
      tags: tagsFor(received.document, sent.version),
      readme: tarball.archive.readme,
    });
  });
  return replyJson(c, 200, { ok: true, success: true, id: name });
}

/** Handles an edited packument without a tarball: only deprecations are applied. */
async function update(c: FormatContext, target: Target, document: PackageDocument): Promise<Response> {
  if (document.users) throw badRequest(NO_STARS);
  await requireAction(c.env.registry, target.access.principal, target.project, 'delete');
  if (!document.versions || Object.keys(document.versions).length === 0) {
    throw badRequest('The request contains neither a tarball nor versions: there is nothing to change');
  }
  const changed = await changeDeprecations(c, target, nameOf(c), document.versions);
  return replyJson(c, 200, { ok: true, success: true, id: nameOf(c), changed });
}

function sentVersion(document: PackageDocument, name: string): SentManifest {
  const [only, ...more] = Object.entries(document.versions ?? {});
  if (!only) throw badRequest('The request has a tarball but no version');
  if (more.length > 0) throw badRequest('Publish one version at a time');
  const [key, sent] = only;
  if (document.name !== undefined && document.name !== name) {
    throw badRequest(`The document is for "${document.name}", but the path is for "${name}"`);
  }
  if (sent.name.trim() !== name) {
    throw badRequest(`The manifest is for "${sent.name}", but the path is for "${name}"`);
  }
  if (packageVersion(key) !== packageVersion(sent.version)) {
    throw badRequest(`The manifest has the version "${sent.version}", but its key is "${key}"`);
  }
  return sent;
}

function metadataOf(
  sent: SentManifest,
  { archive, blob }: ReceivedTarball,
  target: Target,
  kept: readonly KeptAttachment[],
): Metadata {
  const version = packageVersion(sent.version);
  return {
    manifest: textOf({ ...checkedManifest(sent, archive), name: sent.name.trim(), version }),
    shasum: blob.digests.sha1,
    integrity: `sha512-${Buffer.from(blob.digests.sha512, 'hex').toString('base64')}`,
    fileCount: archive.fileCount,
    unpackedSize: archive.unpackedSize,
    hasInstallScript: runsAtInstall(archive),
    hasShrinkwrap: archive.hasShrinkwrap,
    publisher: target.actor.name,
    attestations: kept.map(({ attestation }) => attestation),
    deprecated: reasonOf(sent.deprecated),
  };
}

function textOf(manifest: Manifest): string {
  const text = JSON.stringify(manifest);
  const bytes = Buffer.byteLength(text);
  if (bytes > MANIFEST_LIMIT) {
    throw invalidPackage(`The manifest has ${bytes} bytes; at most ${MANIFEST_LIMIT} are allowed`);
  }
  const refused = refusedByClients(text);
  if (refused !== undefined) throw invalidPackage(`Clients can't read the manifest: ${refused}`);
  return text;
}

function tagsFor(document: PackageDocument, version: string): TagName[] {
  const sent = Object.entries(document['dist-tags'] ?? {});
  if (sent.length > MAX_SENT_TAGS)
    throw badRequest(`At most ${MAX_SENT_TAGS} tags can be sent with a version`);
  const tags = sent
    .filter(([, named]) => packageVersion(named) === packageVersion(version))
    .map(([tag]) => distTag(tag));
  if (tags.length > MAX_TAGS) throw badRequest(`At most ${MAX_TAGS} tags can be set at once`);
  return tags;
}

/** Stages the attachments other than the tarball. @param staged collects their blobs */
async function attachmentFiles(
  c: FormatContext,
  { document, others }: Received,
  { blob: { digests } }: ReceivedTarball,
  { name, version }: { readonly name: string; readonly version: string },
  staged: StagedBlob[],
): Promise<{ kept: KeptAttachment[]; files: NewFile[] }> {
  const kept = keptAttachments(others, { purl: purlOf(name, version), sha512: digests.sha512 });
  const files: NewFile[] = [];
  for (const { attestation, text, source } of kept) {
    const blob = await stageBytes(c.env.registry, Buffer.from(text));
    staged.push(blob);
    const type = document._attachments?.[source]?.content_type ?? '';
    files.push(fileOf(attestation.fileName, MEDIA_TYPE.test(type) ? type : 'application/json', blob));
  }
  return { kept, files };
}

function fileOf(fileName: FileName, contentType: string, blob: StagedBlob): NewFile {
  return { fileName, contentType, blob };
}
