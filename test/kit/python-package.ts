import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { tarOf } from './npm-package.ts';
import { type ZipFile, zip } from './zip.ts';

/** What to put into a distribution; each has the default of an ordinary package. */
export interface DistributionOptions {
  readonly name?: string;
  readonly version?: string;
  /** Lines of the metadata beside name and version; undefined removes the usual one. */
  readonly metadata?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The complete metadata. */
  readonly rawMetadata?: string | Uint8Array;
  readonly description?: string;
  readonly fileName?: string;
  /** Tags of a wheel. */
  readonly tag?: string;
  /** Additional or replaced files of the archive; undefined removes one. */
  readonly files?: Readonly<Record<string, string | Uint8Array | undefined>>;
}

/** A distribution: the name of its file, its bytes, and the metadata in it. */
export interface Built {
  readonly fileName: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly metadata: string;
}

/** Core metadata as build tools write it. */
export function metadataOf(options: DistributionOptions): string {
  const { name = 'sample', version = '1.0.0', description = `# ${name}\n` } = options;
  if (options.rawMetadata !== undefined) return Buffer.from(options.rawMetadata).toString();
  const fields = {
    'Metadata-Version': '2.4',
    Name: name,
    Version: version,
    Summary: 'A package of the tests',
    'Requires-Python': '>=3.9',
    ...options.metadata,
  };
  const lines = Object.entries(fields).flatMap(([field, value]) =>
    value === undefined ? [] : [value].flat().map((each) => `${field}: ${each}\n`),
  );
  return `${lines.join('')}\n${description}`;
}

function escapedName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '_');
}

/** A wheel. */
export function wheel(options: DistributionOptions = {}): Built {
  const { name = 'sample', version = '1.0.0', tag = 'py3-none-any' } = options;
  const directory = `${escapedName(name)}-${version}.dist-info`;
  const metadata = metadataOf(options);
  const contents: Record<string, string | Uint8Array | undefined> = {
    [`${escapedName(name)}/__init__.py`]: `VERSION = '${version}'\n`.repeat(20),
    [`${directory}/METADATA`]: options.rawMetadata ?? metadata,
    [`${directory}/WHEEL`]: `Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: ${tag}\n`,
    [`${directory}/RECORD`]: '',
    ...options.files,
  };
  const record = `${directory}/RECORD`;
  if (contents[record] === '') contents[record] = recordOf(contents, record);
  const files = Object.entries(contents).flatMap(([path, content]): ZipFile[] =>
    content === undefined ? [] : [{ path, content }],
  );
  return {
    fileName: options.fileName ?? `${escapedName(name)}-${version}-${tag}.whl`,
    bytes: zip(files),
    metadata,
  };
}

/** The list of a wheel's files with their hashes, by which installers remove it again. */
function recordOf(
  contents: Readonly<Record<string, string | Uint8Array | undefined>>,
  record: string,
): string {
  const lines = Object.entries(contents).flatMap(([path, content]) => {
    if (content === undefined || path === record) return [];
    const hash = createHash('sha256').update(content).digest('base64url');
    return [`${path},sha256=${hash},${Buffer.byteLength(content)}\n`];
  });
  return `${lines.join('')}${record},,\n`;
}

/** A source distribution, a gzipped tar archive. */
export async function sdist(options: DistributionOptions = {}): Promise<Built> {
  const { name = 'sample', version = '1.0.0' } = options;
  const top = `${escapedName(name)}-${version}`;
  const metadata = metadataOf(options);
  const contents: Record<string, string | Uint8Array | undefined> = {
    [`${top}/PKG-INFO`]: options.rawMetadata ?? metadata,
    [`${top}/pyproject.toml`]: '[build-system]\nrequires = []\n',
    [`${top}/src/${escapedName(name)}.py`]: `VERSION = '${version}'\n`.repeat(20),
    ...options.files,
  };
  const entries = Object.entries(contents).flatMap(([path, content]) =>
    content === undefined ? [] : [[{ name: path }, content] as const],
  );
  const bytes = new Uint8Array(gzipSync(await tarOf(entries)));
  return { fileName: options.fileName ?? `${top}.tar.gz`, bytes, metadata };
}

/** A part of an upload form: a text, or a file. */
export type FormPart = string | { readonly fileName: string; readonly bytes: Uint8Array };

/** The form that twine sends for a distribution. Fields may be replaced, or removed with undefined. */
export function uploadForm(
  { fileName, bytes }: Built,
  fields: Readonly<Record<string, FormPart | readonly FormPart[] | undefined>> = {},
) {
  const stem = fileName.replace(/(\.tar\.gz|\.zip)$/, '');
  const [name = '', version = ''] = fileName.endsWith('.whl') ? stem.split('-') : splitLast(stem);
  const parts = {
    name,
    version,
    metadata_version: '2.4',
    filetype: fileName.endsWith('.whl') ? 'bdist_wheel' : 'sdist',
    sha256_digest: createHash('sha256').update(bytes).digest('hex'),
    ':action': 'file_upload',
    protocol_version: '1',
    content: { fileName, bytes },
    ...fields,
  };
  return formOf(
    Object.entries(parts).flatMap(([field, value]) =>
      value === undefined ? [] : [value].flat().map((part) => [field, part as FormPart] as const),
    ),
  );
}

function splitLast(stem: string): [string, string] {
  const dash = stem.lastIndexOf('-');
  return [stem.slice(0, dash), stem.slice(dash + 1)];
}

/** A form (`multipart/form-data`) of these parts, in their order: its bytes and its content type. */
export function formOf(parts: readonly (readonly [string, FormPart])[]) {
  const boundary = 'packhouse-form-boundary';
  const chunks = parts.flatMap(([field, part]) => {
    const isText = typeof part === 'string';
    const file = isText ? '' : `; filename="${part.fileName}"\r\nContent-Type: application/octet-stream`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${field}"${file}\r\n\r\n`;
    return [Buffer.from(head), isText ? Buffer.from(part) : part.bytes, Buffer.from('\r\n')];
  });
  return {
    body: new Uint8Array(Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)])),
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
  };
}

/** A PEP 740 attestation of a file, in the valid shape but with a fake signature. */
export function attestationOf(fileName: string, sha256: string, statement: object = {}) {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const stated = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: fileName, digest: { sha256 } }],
    predicateType: 'https://docs.pypi.org/attestations/publish/v1',
    predicate: null,
    ...statement,
  };
  return {
    version: 1,
    verification_material: { certificate: base64('certificate'), transparency_entries: [{ logIndex: '1' }] },
    envelope: { statement: base64(JSON.stringify(stated)), signature: base64('signature') },
  };
}
