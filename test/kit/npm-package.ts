import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';

/** Files of a tarball by their path; `package/` is put before names without a slash. */
export type TarballFiles = Readonly<Record<string, string | Uint8Array>>;

/** A gzipped tar archive of some files. */
export async function tarballOf(files: TarballFiles): Promise<Buffer> {
  return gzipSync(
    await tarOf(
      Object.entries(files).map(
        ([name, content]) => [{ name: name.includes('/') ? name : `package/${name}` }, content] as const,
      ),
    ),
  );
}

/** A tar archive of some entries, not compressed. */
export async function tarOf(
  entries: readonly (readonly [{ readonly name: string } & Partial<Header>, string | Uint8Array])[],
): Promise<Buffer> {
  const tar = pack();
  for (const [header, content] of entries) {
    tar.entry({ mtime: new Date(0), ...header }, Buffer.from(content as string));
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** What to change in the package that `npmPackage` makes. */
export interface PackageOptions {
  readonly name?: string;
  readonly version?: string;
  /** Fields of package.json, in the tarball and in the sent manifest. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Fields of the sent manifest that differ; undefined removes a field. */
  readonly sent?: Readonly<Record<string, unknown>>;
  /** Files beside package.json. */
  readonly files?: TarballFiles;
  readonly tag?: string;
  readonly dist?: Readonly<Record<string, unknown>>;
  readonly attachments?: Readonly<Record<string, object>>;
}

/** A package as npm publishes it: its tarball, and the document of the `PUT`. */
export async function npmPackage(options: PackageOptions = {}) {
  const { name = '@acme/tool', version = '1.0.0', tag = 'latest' } = options;
  const manifest = { name, version, ...options.fields };
  const tarball = await tarballOf({
    'package.json': JSON.stringify(manifest),
    'index.js': 'module.exports = 1;\n',
    ...options.files,
  });
  const file = `${name}-${version}.tgz`;
  const attachment = {
    content_type: 'application/octet-stream',
    data: tarball.toString('base64'),
    length: tarball.byteLength,
  };
  const dist = {
    shasum: createHash('sha1').update(tarball).digest('hex'),
    integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}`,
    tarball: `http://registry.test/${name}/-/${file}`,
    ...options.dist,
  };
  const document = {
    _id: name,
    name,
    'dist-tags': { [tag]: version },
    versions: { [version]: { ...manifest, _id: `${name}@${version}`, dist, ...options.sent } },
    access: null,
    _attachments: { [file]: attachment, ...options.attachments },
  };
  return { name, version, tarball, document, path: `/${name.replace('/', '%2f')}` };
}

/** The URL of a project's, group's or the instance's npm endpoints. */
export const npmPrefix = {
  project: (id: number | string) => `/api/v4/projects/${encodeURIComponent(id)}/packages/npm`,
  group: (id: number | string) => `/api/v4/groups/${encodeURIComponent(id)}/-/packages/npm`,
  instance: '/api/v4/packages/npm',
};
