import { badRequest, invalidPackage, RegistryError, tooLarge } from '../../../domain/errors.ts';
import type { StagedBlob } from '../../../domain/packages.ts';
import type { FormatContext } from '../../../http/access/guard.ts';
import { readUpload, uploadLimit } from '../../../http/body/read-upload.ts';
import { requestBody } from '../../../http/body/request-body.ts';
import { discard } from '../../../registry/blobs/stage-blob.ts';
import { UnreadableJson } from '../../../shared/json/unreadable-json.ts';
import { scanJson, type TakeString } from '../json/scan-json.ts';
import { parsed } from '../read-json.ts';
import { PackageDocument } from '../schema.ts';
import { type Archive, readArchive } from './archive.ts';
import { base64Bytes, InvalidBase64 } from './base64-bytes.ts';

/** The largest edited packument, in bytes: ten thousand versions have about twenty million. */
const EDITED_LIMIT = 32 * 1024 * 1024;

/** The most bytes of a publish request without its attachments: a manifest, with the readme once or twice. */
const PUBLISHED_LIMIT = 4 * 1024 * 1024;

/** The most bytes of all attachments that are not tarballs. */
const OTHERS_LIMIT = 4 * 1024 * 1024;

/**
 * The most members of parts of a document. An edited packument has all versions and tags of a package; a publish has
 * one version, its tags, the tarball and the provenance.
 */
const MEMBERS = new Map([
  ['versions', 20_000],
  ['dist-tags', 10_000],
  ['_attachments', 20],
]);

/** A received tarball, staged and read. */
export interface ReceivedTarball {
  readonly fileName: string;
  readonly blob: StagedBlob;
  readonly archive: Archive;
}

/** The document of a `PUT` without the contents of its attachments, and the attachments. */
export interface Received {
  readonly document: PackageDocument;
  readonly tarball: ReceivedTarball | undefined;
  /** Attachments that are not tarballs, such as provenance: name and text. */
  readonly others: ReadonlyMap<string, string>;
}

/**
 * Reads the body of a `PUT`. The tarball in it, base64 in JSON, is streamed to the blob store and never held in
 * memory whole, whether it comes before or after the manifest. If the body is refused, nothing stays staged.
 * @throws RegistryError
 */
export async function receiveDocument(c: FormatContext): Promise<Received> {
  const attachments = new Attachments(c);
  const { bytes, hint } = uploadLimit(c);
  const whole = Math.ceil((bytes * 4) / 3) + EDITED_LIMIT + OTHERS_LIMIT;
  const body = requestBody(c, { bytes: whole, hint, statedBytes: bytes });
  try {
    const json = await scanJson(body, {
      limit: () => attachments.documentLimit,
      members: MEMBERS,
      take: (path) => attachments.take(path),
    });
    const document = parsed(PackageDocument, json);
    return { document, tarball: attachments.tarball, others: attachments.others };
  } catch (error) {
    if (attachments.tarball) await discard(c.env.registry, [attachments.tarball.blob]);
    throw inWords(error, attachments.documentLimit);
  }
}

class Attachments {
  tarball: ReceivedTarball | undefined;
  readonly others = new Map<string, string>();
  readonly #c: FormatContext;
  /** The most bytes of the document without attachments; lower once a tarball has started. */
  documentLimit = EDITED_LIMIT;
  #left = OTHERS_LIMIT;

  constructor(c: FormatContext) {
    this.#c = c;
  }

  take(path: readonly string[]): TakeString | undefined {
    const [root, fileName, field] = path;
    if (path.length !== 3 || root !== '_attachments' || field !== 'data' || !fileName) return undefined;
    if (fileName.endsWith('.tgz')) {
      this.documentLimit = PUBLISHED_LIMIT;
      return (content) => this.#takeTarball(fileName, content);
    }
    return (content) => this.#takeOther(fileName, content);
  }

  async #takeTarball(fileName: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    if (this.tarball)
      throw badRequest('The request contains more than one tarball: publish one version at a time');
    const { blob, facts } = await readUpload(this.#c, { body: base64Bytes(content), inspect: readArchive });
    if (facts) this.tarball = { fileName, blob, archive: facts };
  }

  async #takeOther(fileName: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const part of content) {
      this.#left -= part.byteLength;
      if (this.#left < 0)
        throw tooLarge(OTHERS_LIMIT, ' This is the limit for all attachments except the tarball.');
      parts.push(part);
    }
    this.others.set(fileName, Buffer.concat(parts).toString());
  }
}

function inWords(error: unknown, limit: number): unknown {
  if (error instanceof InvalidBase64)
    return invalidPackage(`The tarball can't be read: ${error.message}`, error);
  if (!(error instanceof UnreadableJson)) return error;
  switch (error.problem) {
    case 'too-large': {
      const reason = `The package document has more than ${limit} bytes without its attachments`;
      return new RegistryError('bodyTooLarge', reason, { cause: error });
    }
    case 'too-many':
      return new RegistryError('bodyTooLarge', `The request can't be read: ${error.message}`, {
        cause: error,
      });
    default:
      return badRequest(`The request can't be read: ${error.message}`);
  }
}
