import { parseDigest } from '../../../domain/digests.ts';
import { badRequest, invalidPackage } from '../../../domain/errors.ts';
import type { StagedBlob } from '../../../domain/packages.ts';
import type { FormatContext } from '../../../http/access/guard.ts';
import { type FormFile, readForm } from '../../../http/body/read-form.ts';
import { readUpload } from '../../../http/body/read-upload.ts';
import { blobAccess } from '../../../registry/blobs/blob-access.ts';
import { type Distribution, distributionOf } from '../file-names.ts';
import { type MetadataFile, readTarSdist, readWheel, readZipSdist } from './archive.ts';

/**
 * The limits on a form's fields, the file aside. They repeat the metadata with its description, and each classifier
 * and dependency is a separate field. `text` is in bytes.
 */
const FORM_LIMITS = { fields: 5_000, text: 8 * 1024 * 1024 };

/** The largest detached signature, in bytes. */
const SIGNATURE_LIMIT = 64 * 1024;

/** A complete upload: a distribution whose bytes are staged, its metadata and the form's fields. */
export interface Received {
  readonly distribution: Distribution;
  readonly blob: StagedBlob;
  readonly metadata: MetadataFile;
  /** A detached OpenPGP signature, or undefined. */
  readonly signature: Uint8Array | undefined;
  /** The first value of a form field, trimmed; empty if it was not sent. */
  field(name: string): string;
}

/**
 * Reads the form of an upload, stages its file, and reads the metadata in that file.
 * @param staged collects every staged blob, even if the upload is refused later
 * @throws RegistryError
 */
export async function receiveUpload(c: FormatContext, staged: StagedBlob[]): Promise<Received> {
  const files = new UploadedFiles(c, staged);
  const fields = await readForm(c, FORM_LIMITS, (file) => files.take(file));
  const field = (name: string) => (fields.get(name)?.[0] ?? '').trim();
  const action = field(':action');
  if (action !== '' && action !== 'file_upload') {
    throw badRequest(`The action "${action.slice(0, 50)}" is not supported: only file_upload is`);
  }
  if (!['', '1'].includes(field('protocol_version'))) throw badRequest('protocol_version must be 1');
  const { distribution, blob, signature } = files;
  if (!distribution || !blob) throw fields.has('content') ? noFile() : badRequest('content is missing');
  checkDigests(field, blob);
  const metadata = files.pkgInfo ?? (await readZip(c, distribution, blob));
  return { distribution, blob, metadata, signature, field };
}

class UploadedFiles {
  distribution: Distribution | undefined;
  blob: StagedBlob | undefined;
  pkgInfo: MetadataFile | undefined;
  signature: Uint8Array | undefined;
  readonly #c: FormatContext;
  readonly #staged: StagedBlob[];

  constructor(c: FormatContext, staged: StagedBlob[]) {
    this.#c = c;
    this.#staged = staged;
  }

  /** Ignores files in unknown fields. */
  async take({ field, fileName, body }: FormFile): Promise<void> {
    if (field === 'content') await this.#takeContent(fileName, body);
    else if (field === 'gpg_signature') this.signature = await readSignature(body);
  }

  async #takeContent(fileName: string | undefined, body: AsyncIterable<Uint8Array>): Promise<void> {
    if (fileName === undefined) throw noFile();
    if (this.distribution) throw badRequest('The form has more than one file: upload one at a time');
    this.distribution = distributionOf(fileName);
    const inspect =
      this.distribution.archive === 'tar'
        ? (bytes: AsyncIterable<Uint8Array>) => readTarSdist(bytes)
        : undefined;
    const { blob, facts } = await readUpload(this.#c, inspect ? { body, inspect } : { body });
    this.#staged.push(blob);
    this.blob = blob;
    this.pkgInfo = facts;
  }
}

function noFile() {
  return badRequest('content must be sent as a file, with a file name');
}

function readZip(c: FormatContext, distribution: Distribution, blob: StagedBlob): Promise<MetadataFile> {
  const source = blobAccess(c.env.registry, blob);
  return distribution.kind === 'wheel' ? readWheel(source, distribution) : readZipSdist(source);
}

async function readSignature(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const bytes: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.byteLength;
    if (size > SIGNATURE_LIMIT) throw invalidPackage(`The signature has more than ${SIGNATURE_LIMIT} bytes`);
    bytes.push(part);
  }
  const signature = Buffer.concat(bytes);
  if (signature.toString('latin1').startsWith('-----BEGIN PGP SIGNATURE-----')) return signature;
  throw invalidPackage('gpg_signature is not an ASCII-armored OpenPGP signature');
}

/** Compares the sent digests with the bytes. BLAKE2 is not computed; clients always send SHA-256 with it. */
function checkDigests(field: Received['field'], { digests }: StagedBlob): void {
  for (const algorithm of ['sha256', 'md5'] as const) {
    const text = field(`${algorithm}_digest`);
    if (text === '') continue;
    const actual = digests[algorithm];
    const sent = parseDigest(algorithm, text);
    if (!sent) throw invalidPackage(`${algorithm}_digest is not a hexadecimal digest`);
    if (sent !== actual) {
      throw invalidPackage(
        `${algorithm}_digest is ${sent}, but the received file has ${actual}: it was damaged in transit, try again`,
      );
    }
  }
}
