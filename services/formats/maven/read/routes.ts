import { createHash } from 'node:crypto';
import { RegistryError } from '../../../domain/errors.ts';
import type { PackageFile, PackageRef } from '../../../domain/packages.ts';
import { type FormatContext, pull } from '../../../http/access/guard.ts';
import type { Found, Scope } from '../../../http/access/scope.ts';
import { indexDocument } from '../../../http/answer/index-document.ts';
import { reply } from '../../../http/answer/reply.ts';
import { sendDocument } from '../../../http/answer/send-document.ts';
import { sendFile } from '../../../http/answer/send-file.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import type { Key } from '../../../ports/table.ts';
import type { Document } from '../../../registry/documents/document-cache.ts';
import type { DocumentKind } from '../../../registry/documents/package-document.ts';
import { hasFiles } from '../../../registry/packages/has-files.ts';
import { maybeEntity } from '../../../registry/records/entities.ts';
import { keys } from '../../../registry/records/keys.ts';
import { pathIn } from '../context.ts';
import { type Address, addressOf, type Checksum } from '../names.ts';
import type { Metadata } from '../schema.ts';
import { nameMetadata, snapshotMetadata } from './maven-metadata.ts';

/** GET of files, metadata, and the checksums of both. */
export function readRoutes(app: FormatRoutes): void {
  app.get('/*', pull({ name: (c) => asked(c).name, more: wantedKeys }, send));
}

type Served = Exclude<Address, { readonly kind: 'beside-metadata' }>;

function asked(c: FormatContext): Served {
  const address = addressOf(pathIn(c));
  if (!address || address.kind === 'beside-metadata') throw new RegistryError('fileNotFound');
  return address;
}

function wantedKeys(c: FormatContext, ref: PackageRef): readonly Key[] {
  const address = asked(c);
  if (address.kind === 'metadata') return [];
  const version = keys.version(ref, address.version);
  return address.kind === 'file' ? [version, keys.file(ref, address.version, address.fileName)] : [version];
}

async function send(c: FormatContext, scope: Scope): Promise<Response> {
  const address = asked(c);
  if (address.kind === 'metadata') return sendMetadata(c, scope, nameMetadata, address.checksum);
  const holder = await holderOf(c, scope, address.version);
  if (address.kind === 'file') return sendArtifact(c, holder, address.checksum);
  const found = holder ? [holder] : [];
  return sendMetadata(c, { ...scope, found }, snapshotMetadata(address.version), address.checksum);
}

/**
 * The first project that has the asked version, and has files of it if any has: its files are served, and never mixed
 * with another's.
 */
async function holderOf(c: FormatContext, { found }: Scope, version: string): Promise<Found | undefined> {
  const holders = found.filter(({ items: [item] }) => item);
  if (holders.length > 1) {
    for (const holder of holders) {
      const { head, items } = holder;
      if (items[1] || (head && (await hasFiles(c.env.registry, head, version)))) return holder;
    }
  }
  return holders[0];
}

function sendArtifact(
  c: FormatContext,
  holder: Found | undefined,
  checksum: Checksum | undefined,
): Promise<Response> | Response {
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
