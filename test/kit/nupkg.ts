import { type ZipFile, zip } from './zip.ts';

/** The contents of a package for a test; each has an ordinary default. */
export interface NupkgFacts {
  readonly id?: string;
  readonly version?: string;
  /** XML within `<metadata>`, after id, version, authors and description. */
  readonly metadata?: string;
  /** Attributes of `<metadata>`. */
  readonly attributes?: string;
  readonly files?: readonly ZipFile[];
  readonly xmlns?: string;
}

/** The text of a nuspec. */
export function nuspec({ id = 'Acme.Tool', version = '1.0.0', ...facts }: NupkgFacts = {}): string {
  const {
    metadata = '',
    attributes = '',
    xmlns = 'http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd',
  } = facts;
  return `\ufeff<?xml version="1.0" encoding="utf-8"?>
<package xmlns="${xmlns}">
  <metadata ${attributes}>
    <id>${id}</id>
    <version>${version}</version>
    <authors>Acme</authors>
    <description>The tool of Acme.</description>
    ${metadata}
  </metadata>
</package>`;
}

/** A package with a library in it, as `dotnet pack` lays it out. */
export function nupkg(facts: NupkgFacts = {}): Uint8Array<ArrayBuffer> {
  const {
    id = 'Acme.Tool',
    files = [{ path: 'lib/netstandard2.0/Acme.Tool.dll', content: 'MZ'.repeat(500) }],
  } = facts;
  return zip([
    { path: '_rels/.rels', content: relationships(id) },
    { path: `${id}.nuspec`, content: nuspec(facts) },
    { path: '[Content_Types].xml', content: contentTypes(files) },
    ...files,
  ]);
}

/** NuGet 2 reads packages by the Open Packaging Conventions, and finds the nuspec here. */
function relationships(id: string): string {
  const type = 'http://schemas.microsoft.com/packaging/2010/07/manifest';
  return `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Type="${type}" Target="/${id}.nuspec" Id="R1" /></Relationships>`;
}

function contentTypes(files: readonly ZipFile[]): string {
  const extensions = new Set(['nuspec', ...files.map(({ path }) => /\.([^./]+)$/.exec(path)?.[1] ?? 'bin')]);
  const defaults = [...extensions].map(
    (extension) => `<Default Extension="${extension}" ContentType="application/octet" />`,
  );
  return `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml" />
${defaults.join('')}</Types>`;
}

/** A symbol package with these files. */
export function snupkg(facts: NupkgFacts & { readonly files: readonly ZipFile[] }): Uint8Array<ArrayBuffer> {
  const type = '<packageTypes><packageType name="SymbolsPackage" /></packageTypes>';
  return nupkg({ ...facts, metadata: type + (facts.metadata ?? '') });
}

/** The form in which NuGet sends a package. */
export function pushForm(bytes: Uint8Array): {
  readonly body: Uint8Array;
  readonly headers: { readonly 'content-type': string };
} {
  const boundary = '6f1f6ff0-6b2a-4b57-8f5b-63e0a4a8d2f1';
  const head = [
    `--${boundary}`,
    'Content-Type: application/octet-stream',
    "Content-Disposition: form-data; name=package; filename=package.nupkg; filename*=utf-8''package.nupkg",
    '',
    '',
  ].join('\r\n');
  return {
    body: new Uint8Array(Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)])),
    headers: { 'content-type': `multipart/form-data; boundary="${boundary}"` },
  };
}

/**
 * Portable symbols with an identity (40 hex digits: a GUID as it is stored in the file, and a stamp), in the layout of
 * ECMA-335 II.24.2: the root, headers of two streams, and their bytes.
 */
export function portablePdb(identity: string, content = 'documents'): Buffer {
  const version = Buffer.from('PDB v1.0\0\0\0\0', 'latin1');
  const root = Buffer.alloc(16 + version.byteLength + 4);
  root.write('BSJB', 'latin1');
  root.writeUInt16LE(1, 4);
  root.writeUInt16LE(1, 6);
  root.writeUInt32LE(version.byteLength, 12);
  version.copy(root, 16);
  root.writeUInt16LE(2, root.byteLength - 2);
  const header = (offset: number, size: number, name: string) => {
    const bytes = Buffer.alloc(8 + Math.ceil((name.length + 1) / 4) * 4);
    bytes.writeUInt32LE(offset, 0);
    bytes.writeUInt32LE(size, 4);
    bytes.write(name, 8, 'latin1');
    return bytes;
  };
  const strings = Buffer.from(`\0${content}\0`);
  const first = root.byteLength + 20 + 16;
  const headers = [
    header(first, strings.byteLength, '#Strings'),
    header(first + strings.byteLength, 32, '#Pdb'),
  ];
  const stream = Buffer.concat([Buffer.from(identity, 'hex'), Buffer.alloc(12)]);
  return Buffer.concat([root, ...headers, strings, stream]);
}
