import { invalidPackage } from '../../../domain/errors.ts';
import type { StagedBlob } from '../../../domain/packages.ts';
import { type FormatContext, publish, type Target } from '../../../http/access/guard.ts';
import { replyJson } from '../../../http/answer/reply.ts';
import { takeFile } from '../../../http/body/take-file.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { blobAccess } from '../../../registry/blobs/blob-access.ts';
import { addFiles } from '../../../registry/packages/add-files.ts';
import { packageFile } from '../addresses.ts';
import { packageId, packageVersion } from '../names.ts';
import type { Metadata, Nuspec } from '../schema.ts';
import { hasSymbolsBeside, refuseLegacySymbols } from '../symbols/legacy-symbols.ts';
import { isSymbolPackage, pushSymbols } from '../symbols/push-symbols.ts';
import { readEntry, readNupkg } from './archive.ts';

/** Bytes stored of a nuspec's metadata: a table item has at most 400 KB in all. */
const METADATA_LIMIT = 300_000;

/** The largest readme that is stored, in bytes. */
const README_LIMIT = 200_000;

/** `PUT` of packages and symbol packages, as the first file of a form or as the body itself, for V2 and V3. */
export function publishRoutes(app: FormatRoutes): void {
  for (const path of ['/', '/v2', '/v2/package']) {
    app.put(path, publish({}, withUpload(push)));
  }
  app.put('/symbolpackage', publish({}, withUpload(pushSymbols)));
}

type Push = (c: FormatContext, target: Target, blob: StagedBlob) => Promise<void>;

function withUpload(handle: Push) {
  return async (c: FormatContext, target: Target): Promise<Response> => {
    await takeFile(c, (blob) => handle(c, target, blob));
    return replyJson(c, 201, { message: '201 Created' });
  };
}

async function push(c: FormatContext, target: Target, blob: StagedBlob): Promise<void> {
  const source = blobAccess(c.env.registry, blob);
  const { nuspec, paths } = await readNupkg(source);
  if (isSymbolPackage(nuspec)) {
    throw invalidPackage('This is a symbol package: push it to the address ending in "/symbolpackage"');
  }
  const metadata = metadataOf(nuspec, paths, blob);
  const { id, readme } = metadata;
  const release = { name: packageId(id), version: packageVersion(metadata.version) };
  const text = readme === '' ? undefined : await readEntry(source, readme);
  await addFiles<Metadata>(c.env.registry, {
    ...target,
    format: c.env.format,
    ...release,
    displayName: id,
    metadata,
    amend(existing) {
      refuseLegacySymbols(metadata, existing);
      return metadata;
    },
    readme: text && text.byteLength <= README_LIMIT ? text.toString() : '',
    files: [{ fileName: packageFile(release), contentType: 'application/octet-stream', blob }],
  });
}

function metadataOf(nuspec: Nuspec, paths: ReadonlySet<string>, { size, digests }: StagedBlob): Metadata {
  const sha512 = Buffer.from(digests.sha512, 'hex').toString('base64');
  const metadata = { ...nuspec, size, sha512, ...(hasSymbolsBeside(paths) && { symbolsBeside: true }) };
  const bytes = Buffer.byteLength(JSON.stringify(metadata));
  if (bytes <= METADATA_LIMIT) return metadata;
  throw invalidPackage(`The nuspec has ${bytes} bytes of metadata; at most ${METADATA_LIMIT} are allowed`);
}
