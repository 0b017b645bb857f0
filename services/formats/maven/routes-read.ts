import { createHash } from 'node:crypto';
import { RegistryError } from '../../domain/errors.ts';
import type { PackageFile, PackageRef } from '../../domain/packages.ts';
import type { FormatRoutes } from '../../http/format.ts';
import { type FormatContext, pull } from '../../http/guard.ts';
import { indexDocument } from '../../http/index-document.ts';
import { reply } from '../../http/reply.ts';
import type { Scope } from '../../http/scope.ts';
import { sendDocument } from '../../http/send-document.ts';
import { sendFile } from '../../http/send-file.ts';
import type { Key } from '../../ports/table.ts';
import type { Document } from '../../registry/document-cache.ts';
import { maybeEntity } from '../../registry/entities.ts';
import { keys } from '../../registry/keys.ts';
import type { DocumentKind } from '../../registry/packages/package-document.ts';
import { pathIn } from './context.ts';
import { nameMetadata, snapshotMetadata } from './maven-metadata.ts';
import { type Address, addressOf, type Checksum } from './names.ts';
import type { Metadata } from './schema.ts';

/** GET of files, metadata, and the checksums of both. */
export function readRoutes(app: FormatRoutes): void {
  app.get('/*', pull({ name: (c) => asked(c).name, more: wantedKeys }, send));
}

function asked(c: FormatContext): Address {
  const address = addressOf(pathIn(c));
  if (!address) throw new RegistryError('fileNotFound');
  return address;
}

function wantedKeys(c: FormatContext, ref: PackageRef): readonly Key[] {
  const address = asked(c);
  if (address.kind === 'metadata') return [];
  const version = keys.version(ref, address.version);
  return address.kind === 'file' ? [version, keys.file(ref, address.version, address.fileName)] : [version];
}

function send(c: FormatContext, scope: Scope): Promise<Response> | Response {
  const address = asked(c);
  switch (address.kind) {
    case 'file':
      return sendArtifact(c, scope, address.checksum);
    case 'snapshot-metadata':
      return sendMetadata(
        c,
        { ...scope, found: holders(scope) },
        snapshotMetadata(address.version),
        address.checksum,
      );
    case 'metadata':
      return sendMetadata(c, scope, nameMetadata, address.checksum);
  }
}

/** The projects that have the asked version; the first one's is served, and never mixed with another's. */
function holders({ found }: Scope): Scope['found'] {
  return found.filter(({ items }) => items[0]).slice(0, 1);
}

function sendArtifact(
  c: FormatContext,
  scope: Scope,
  checksum: Checksum | undefined,
): Promise<Response> | Response {
  const [holder] = holders(scope);
  const file = maybeEntity<PackageFile>(holder?.items[1]);
  if (!file) throw new RegistryError(holder ? 'fileNotFound' : 'packageNotFound');
  const { sha1, md5, sha512 } = file.digests;
  if (checksum) return sendChecksum(c, file.digests[checksum]);
  return sendFile(c, file, {
    headers: { 'x-checksum-sha1': sha1, 'x-checksum-md5': md5, 'x-checksum-sha512': sha512 },
  });
}

async function sendMetadata(
  c: FormatContext,
  scope: Scope,
  kind: DocumentKind<Metadata>,
  checksum: Checksum | undefined,
): Promise<Response> {
  const document = await indexDocument(c, scope, kind);
  const digests = digestsOf(document);
  if (checksum) return sendChecksum(c, digests[checksum]);
  return sendDocument(c, document, {
    contentType: 'text/xml',
    variant: 'metadata',
    headers: { 'x-checksum-sha1': digests.sha1, 'x-checksum-md5': digests.md5 },
  });
}

function sendChecksum(c: FormatContext, digest: string): Response {
  return reply(c, 200, digest, {
    'content-type': 'text/plain',
    'content-length': String(digest.length),
    'cache-control': 'private, no-cache',
  });
}

const known = new WeakMap<Document, Record<Checksum, string>>();

/** The digests of a rendered document, made once as long as it is kept. */
function digestsOf(document: Document): Record<Checksum, string> {
  let digests = known.get(document);
  if (!digests) {
    const digest = (algorithm: Checksum) => createHash(algorithm).update(document.identity).digest('hex');
    digests = {
      md5: digest('md5'),
      sha1: digest('sha1'),
      sha256: digest('sha256'),
      sha512: digest('sha512'),
    };
    known.set(document, digests);
  }
  return digests;
}
