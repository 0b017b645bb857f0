import { createHash } from 'node:crypto';
import type { DigestAlgorithm } from '../../../domain/digests.ts';
import { RegistryError } from '../../../domain/errors.ts';
import type { PackageFile } from '../../../domain/packages.ts';
import { type FormatContext, pull } from '../../../http/access/guard.ts';
import { findDocument, indexDocument } from '../../../http/answer/index-document.ts';
import { reply } from '../../../http/answer/reply.ts';
import { sendDocument } from '../../../http/answer/send-document.ts';
import { sendFile } from '../../../http/answer/send-file.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import type { Copy } from '../../../registry/access/choose-copy.ts';
import { type FoundPackage, readAlso } from '../../../registry/access/find-package.ts';
import type { Selection } from '../../../registry/access/holdings.ts';
import type { Access } from '../../../registry/access/open-access.ts';
import { type Document, documentText } from '../../../registry/documents/document-cache.ts';
import type { DocumentKind } from '../../../registry/documents/document-kind.ts';
import { addressIn } from '../context.ts';
import { type Address, coordinatesOf, filePartsOf, isSnapshot } from '../names.ts';
import { kindOf, nameMetadata, newestFiles, newestNames, snapshotMetadata } from './maven-metadata.ts';

/** GET of files and metadata, and of the checksums of both. */
export function readRoutes(app: FormatRoutes): void {
  app.get('/*', pull({ name: (c) => requested(c).name, select: selectAt }, send));
}

type FileAddress = Extract<Address, { readonly kind: 'file' }>;
type Served = Exclude<Address, { readonly kind: 'metadata-companion' }>;

function requested(c: FormatContext): Served {
  const address = addressIn(c);
  const known = address && address.kind !== 'metadata-companion';
  if (!known || (address.kind !== 'file' && address.checksumOf)) throw new RegistryError('packageNotFound');
  return address;
}

function selectAt(c: FormatContext): Selection {
  const address = requested(c);
  if (address.kind === 'metadata') return {};
  return { version: address.version, files: address.kind === 'file' ? [{ fileName: address.fileName }] : [] };
}

async function send(c: FormatContext, found: FoundPackage): Promise<Response> {
  const address = requested(c);
  const { checksum } = address;
  if (address.kind === 'metadata') return sendMetadata(c, found, nameMetadata, checksum);
  const { copy } = found;
  if (!copy) throw new RegistryError('packageNotFound');
  if (address.kind === 'file') return sendArtifact(c, await fileIn(c, found, copy, address), address);
  return sendMetadata(
    c,
    { holdings: [copy.holding], withheld: [] },
    snapshotMetadata(address.version),
    checksum,
  );
}

/**
 * The requested file of a copy. For the name of a snapshot without a timestamp (`app-1.0-SNAPSHOT.jar`), that is the
 * file of the newest build, unless there is one of that very name.
 */
async function fileIn(
  c: FormatContext,
  found: FoundPackage,
  copy: Copy,
  { name, version, fileName }: FileAddress,
): Promise<PackageFile> {
  const file = copy.files.get(fileName);
  if (file) return file;
  const parts = isSnapshot(version)
    ? filePartsOf(coordinatesOf(name).artifactId, version, fileName)
    : undefined;
  if (!parts || parts.build) throw new RegistryError('fileNotFound');
  const only = { holdings: [copy.holding], withheld: [] };
  const document = await findDocument(c, only, newestFiles(version));
  const newest = document && newestNames(await documentText(document)).get(kindOf(parts));
  const { copy: again } = newest
    ? await readAlso(c.env.registry, { ...found, ...only }, { version, files: [{ fileName: newest }] })
    : { copy: undefined };
  const built = newest && again?.files.get(newest);
  if (!built) throw new RegistryError('fileNotFound');
  return built;
}

function sendArtifact(
  c: FormatContext,
  file: PackageFile,
  { checksum, checksumOf }: FileAddress,
): Promise<Response> | Response {
  const { sha1, md5, sha512 } = file.digests;
  if (checksum && checksumOf) {
    return sendChecksum(c, createHash(checksum).update(file.digests[checksumOf]).digest('hex'));
  }
  if (checksum) return sendChecksum(c, file.digests[checksum]);
  return sendFile(c, file, {
    headers: { 'x-checksum-sha1': sha1, 'x-checksum-md5': md5, 'x-checksum-sha512': sha512 },
  });
}

async function sendMetadata(
  c: FormatContext,
  access: Pick<Access, 'holdings' | 'withheld'>,
  kind: DocumentKind,
  checksum: DigestAlgorithm | undefined,
): Promise<Response> {
  const document = await indexDocument(c, access, kind);
  if (checksum) return sendChecksum(c, await digestOf(document, checksum));
  const [sha1, md5] = [await digestOf(document, 'sha1'), await digestOf(document, 'md5')];
  return sendDocument(c, document, {
    contentType: 'text/xml',
    variant: 'metadata',
    headers: { 'x-checksum-sha1': sha1, 'x-checksum-md5': md5 },
  });
}

function sendChecksum(c: FormatContext, digest: string): Response {
  return reply(c, 200, digest, {
    'content-type': 'text/plain',
    'content-length': String(digest.length),
    'cache-control': 'private, no-cache',
  });
}

const cachedDigests = new WeakMap<Document, Map<DigestAlgorithm, string>>();

/** A digest of a rendered document, computed once for as long as the document is cached. */
async function digestOf(document: Document, algorithm: DigestAlgorithm): Promise<string> {
  const digests = cachedDigests.get(document) ?? new Map<DigestAlgorithm, string>();
  cachedDigests.set(document, digests);
  const digest =
    digests.get(algorithm) ??
    createHash(algorithm)
      .update(await document.identity())
      .digest('hex');
  digests.set(algorithm, digest);
  return digest;
}
