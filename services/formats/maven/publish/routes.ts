import { isDeepStrictEqual } from 'node:util';
import { type Digest, type DigestAlgorithm, parseDigest } from '../../../domain/digests.ts';
import { badRequest } from '../../../domain/errors.ts';
import { parsePackageName } from '../../../domain/names.ts';
import type { StagedBlob, Umbrella } from '../../../domain/packages.ts';
import { type FormatContext, publish, type Target } from '../../../http/access/guard.ts';
import { packageFileJson } from '../../../http/answer/package-json.ts';
import { reply, replyJson } from '../../../http/answer/reply.ts';
import { readUpload } from '../../../http/body/read-upload.ts';
import { readBody, requestBody } from '../../../http/body/request-body.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import type { Selection } from '../../../registry/access/holdings.ts';
import type { Announced } from '../../../registry/access/open-access.ts';
import { blobAccess } from '../../../registry/blobs/blob-access.ts';
import { discardUnless } from '../../../registry/blobs/stage-blob.ts';
import { addFiles } from '../../../registry/packages/add-files.ts';
import { compareDigest, type ExpectedFile, forgetDigests } from '../../../registry/packages/expect-digest.ts';
import { DigestMismatch } from '../../../registry/publish-rules/expected-digests.ts';
import { pathIn } from '../context.ts';
import { type Address, contentTypeOf, coordinatesOf, filePartsOf, publishAddress } from '../names.ts';
import type { Metadata } from '../schema.ts';
import { readPlugin } from './plugin-descriptor.ts';
import { readPom } from './pom.ts';

type FileAddress = Extract<Address, { kind: 'file' }>;

/** The largest checksum and metadata bodies, in bytes. Checksums are only compared; metadata is discarded. */
const CHECKSUM_LIMIT = { bytes: 4096, hint: '' };
const METADATA_LIMIT = { bytes: 16 << 20, hint: '' };

/** PUT of files. Checksums are only compared with the files. Clients' metadata is discarded. */
export function publishRoutes(app: FormatRoutes): void {
  const name = (c: FormatContext) => publishAddress(pathIn(c)).name;
  app.put('/*', publish({ name, select: selectAt, announced }, receive));
}

/** The file that a request will store; undefined for checksums and metadata. */
function announced(c: FormatContext): Announced | undefined {
  const address = publishAddress(pathIn(c));
  if (address.kind !== 'file' || address.checksum) return undefined;
  const length = c.req.header('content-length');
  const { version, fileName } = address;
  return { version, files: [{ fileName, size: length === undefined ? undefined : Number(length) }] };
}

function selectAt(c: FormatContext): Selection {
  const address = publishAddress(pathIn(c));
  return address.kind === 'file' ? { version: address.version, files: [{ fileName: address.fileName }] } : {};
}

async function receive(c: FormatContext, target: Target): Promise<Response> {
  const address = publishAddress(pathIn(c));
  if (address.kind !== 'file') {
    for await (const _ of requestBody(c, METADATA_LIMIT));
    return reply(c, 200, null);
  }
  if (address.checksumOf) {
    // A checksum of a checksum: the file itself is compared with the other one.
    for await (const _ of requestBody(c, CHECKSUM_LIMIT));
    return reply(c, 204, null);
  }
  if (address.checksum) return verify(c, target, address, address.checksum);
  return store(c, target, address);
}

/** Compares a checksum with its file. If that has not come yet, the checksum is kept until then. */
async function verify(
  c: FormatContext,
  target: Target,
  address: FileAddress,
  algorithm: DigestAlgorithm,
): Promise<Response> {
  const { fileName } = address;
  const digest = firstDigest((await readBody(c, CHECKSUM_LIMIT)).toString('latin1'), algorithm);
  if (digest === undefined) throw badRequest(`The body is not a ${algorithm} checksum of ${fileName}`);
  const existing = target.holding?.files.get(fileName);
  await compareDigest(c.env.registry, fileAt(c, target, address), existing, { algorithm, digest });
  return reply(c, 204, null);
}

function fileAt(
  c: FormatContext,
  { project }: Target,
  { name, version, fileName }: FileAddress,
): ExpectedFile {
  return { projectId: project.id, format: c.env.format.id, name, version, fileName };
}

/** The first digest of an algorithm in a text. Some tools write file names before or after it. */
function firstDigest<A extends DigestAlgorithm>(text: string, algorithm: A): Digest<A> | undefined {
  for (const [word] of text.matchAll(/[0-9a-f]+/gi)) {
    const digest = parseDigest(algorithm, word);
    if (digest) return digest;
  }
  return undefined;
}

async function store(c: FormatContext, target: Target, address: FileAddress): Promise<Response> {
  const { registry, format } = c.env;
  const { name, version, fileName } = address;
  const parts = filePartsOf(coordinatesOf(name).artifactId, version, fileName);
  const isPom = parts?.extension === 'pom' && parts.classifier === '';
  const isJar = parts?.extension === 'jar' && parts.classifier === '';
  const { blob, facts: pom } = await readUpload(c, isPom ? { inspect: readPom } : {});
  const added = await discardUnless(registry, [blob], async () => {
    const adding = addFiles<Metadata>(registry, {
      project: target.project,
      actor: target.actor,
      format,
      name,
      version,
      metadata: pom ?? {},
      amend: pom && ((existing) => (isDeepStrictEqual(existing, pom) ? undefined : pom)),
      umbrella: isJar ? await pluginGroup(c, name, blob) : undefined,
      files: [{ fileName, contentType: contentTypeOf(fileName), blob }],
    });
    return adding.catch(async (error: unknown) => {
      // The publisher can't tell which of both is wrong, and sends the file again.
      if (error instanceof DigestMismatch) await forgetDigests(registry, fileAt(c, target, address));
      throw error;
    });
  });
  const [file] = added.files;
  return file ? replyJson(c, 200, packageFileJson(file, added.version.id)) : reply(c, 200, null);
}

/** The artifact's entry in its group's metadata, if its jar is a Maven plugin. */
async function pluginGroup(c: FormatContext, name: string, jar: StagedBlob): Promise<Umbrella | undefined> {
  const { groupPath, artifactId } = coordinatesOf(name);
  const plugin = await readPlugin(blobAccess(c.env.registry, jar), artifactId);
  const group = parsePackageName(groupPath);
  return plugin && group && { name: group, metadata: plugin };
}
