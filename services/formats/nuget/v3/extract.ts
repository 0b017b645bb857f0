import { RegistryError } from '../../../domain/errors.ts';
import type { PackageFile, Version } from '../../../domain/packages.ts';
import type { FormatContext } from '../../../http/access/guard.ts';
import { sendBytes } from '../../../http/answer/send-bytes.ts';
import { blobAccess } from '../../../registry/blobs/blob-access.ts';
import { readMetadata } from '../../../registry/packages/read-metadata.ts';
import { readEntry } from '../publish/archive.ts';
import { metadata } from '../schema.ts';

/** Sends a part of a package file that has a separate URL: the nuspec, the readme, the licence or the icon. */
export function extract(
  c: FormatContext,
  version: Version,
  file: PackageFile,
  part: string,
): Promise<Response> {
  const { name } = version;
  const readable = readMetadata(c.env.registry, version, metadata);
  const { readme, license, icon } = readable?.metadata ?? {};
  const parts = new Map<
    string,
    readonly [path: string | RegExp | undefined, type: (bytes: Uint8Array) => string]
  >([
    [`${name}.nuspec`, [/^[^/]+\.nuspec$/i, () => 'application/xml']],
    ['readme', [readme, () => 'text/markdown; charset=utf-8']],
    ['license', [license, () => 'text/plain; charset=utf-8']],
    ['icon', [icon, imageType]],
  ]);
  const [path, contentType] = parts.get(part) ?? [];
  if (!path || !contentType) throw new RegistryError('fileNotFound');
  const read = () => readEntry(blobAccess(c.env.registry, file), path);
  return sendBytes(c, { etag: `${file.digests.sha256}-${part}`, contentType, read });
}

function imageType(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, 4)).toString('latin1');
  if (start === '\u0089PNG') return 'image/png';
  return start.startsWith('\u00ff\u00d8') ? 'image/jpeg' : 'application/octet-stream';
}
