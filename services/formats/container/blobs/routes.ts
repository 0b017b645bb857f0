import type { ContentDigest } from '../../../domain/digests.ts';
import type { PackageBlob } from '../../../domain/packages.ts';
import { change, type FormatContext, pull, type Target } from '../../../http/access/guard.ts';
import { reply } from '../../../http/answer/reply.ts';
import { sendFile } from '../../../http/answer/send-file.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import type { FoundPackage } from '../../../registry/access/find-package.ts';
import { blobInProject } from '../../../registry/package-blobs/find-blob.ts';
import { removePackageBlob } from '../../../registry/package-blobs/remove-blob.ts';
import { ociError } from '../errors.ts';
import { contentDigest } from '../names.ts';
import { digestHeaders, repository } from '../repository.ts';

/** GET and DELETE of blobs: layers, configs, and whatever else manifests name. */
export function blobRoutes(app: FormatRoutes): void {
  const path = '/:repository/blobs/:digest';
  const select = (c: FormatContext) => ({ blobs: [requested(c)] });
  app.get(path, pull({ ...repository, select }, send));
  app.delete(path, change('delete', { ...repository, select }, remove));
}

const requested = (c: FormatContext) => contentDigest(c.req.param('digest') ?? '');

async function send(c: FormatContext, { holdings, project }: FoundPackage): Promise<Response> {
  const digest = requested(c);
  const own = holdings[0]?.blobs.get(digest);
  // Another repository of the project may have it: a client then does not push it again.
  const other = !own && project && (await blobInProject(c.env.registry, project, c.env.format.id, digest));
  const blob = own ?? (other ? other.blob : undefined);
  if (!blob) throw unknown(digest);
  return sendFile(c, fileOf(blob), { headers: digestHeaders(digest) });
}

async function remove(c: FormatContext, { project, access, holding }: Target): Promise<Response> {
  const digest = requested(c);
  if (access.name === undefined || !holding?.blobs.has(digest)) throw unknown(digest);
  const ref = { projectId: project.id, format: c.env.format.id, name: access.name };
  await removePackageBlob(c.env.registry, ref, digest);
  return reply(c, 202, null, { 'content-length': '0' });
}

function fileOf({ digest, digests, size, storageKey, createdAt }: PackageBlob) {
  return {
    ...{ id: 0, size, storageKey, createdAt },
    digests,
    contentType: 'application/octet-stream',
    fileName: digest.replace(':', '-'),
  };
}

function unknown(digest: ContentDigest) {
  return ociError('BLOB_UNKNOWN', 'The repository has no such blob', { digest });
}
