import type { Project } from '../../../domain/accounts.ts';
import type { ContentDigest } from '../../../domain/digests.ts';
import { RegistryError } from '../../../domain/errors.ts';
import type { PackageName } from '../../../domain/names.ts';
import type { PackageBlob, PackageRef } from '../../../domain/packages.ts';
import { caller } from '../../../http/access/authenticate.ts';
import { type FormatContext, publish, pullAlso, type Target } from '../../../http/access/guard.ts';
import { type ReplyHeaders, reply } from '../../../http/answer/reply.ts';
import { uploadLimit } from '../../../http/body/read-upload.ts';
import { requestBody } from '../../../http/body/request-body.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { isGranted } from '../../../registry/grants/grant.ts';
import { findMountable } from '../../../registry/package-blobs/find-blob.ts';
import { mountBlob } from '../../../registry/package-blobs/hold-blob.ts';
import { storePackageBlob } from '../../../registry/package-blobs/store-blob.ts';
import {
  appendToUpload,
  cancelUpload,
  findUpload,
  finishUpload,
  OutOfOrder,
  startUpload,
  UploadEnded,
  type UploadSession,
} from '../../../registry/package-blobs/uploads.ts';
import { ociError } from '../errors.ts';
import { contentDigest, repositoryPath } from '../names.ts';
import { digestHeaders, locationOf, type Repository, repository } from '../repository.ts';

/** Uploads of blobs: in one request, in chunks, or by mounting a blob of another repository. */
export function uploadRoutes(app: FormatRoutes): void {
  app.post('/:repository/blobs/uploads', publish(repository, start));
  const path = '/:repository/blobs/uploads/:id';
  app.patch(path, publish(repository, withSession(append)));
  app.put(path, publish(repository, withSession(finish)));
  app.get(path, publish(repository, withSession(status)));
  app.delete(path, publish(repository, withSession(cancel)));
}

/** A repository to which a request uploads. */
interface Upload extends Repository {
  readonly ref: PackageRef;
}

function uploadTo(c: FormatContext, target: Target): Upload {
  const { project, access } = target;
  const { name } = access;
  if (name === undefined) throw ociError('NAME_INVALID', 'The name of the repository is invalid');
  return { project, name, ref: { projectId: project.id, format: c.env.format.id, name } };
}

async function start(c: FormatContext, target: Target): Promise<Response> {
  const { registry } = c.env;
  const upload = uploadTo(c, target);
  const mount = c.req.query('mount');
  if (mount !== undefined) {
    const digest = contentDigest(mount);
    if (await mountFrom(c, upload, digest)) return created(c, upload, digest);
  }
  const sent = c.req.query('digest');
  const length = Number(c.req.header('content-length') ?? Number.NaN);
  if (sent !== undefined && length !== 0) {
    const digest = contentDigest(sent);
    const limit = uploadLimit(c);
    await storePackageBlob(registry, { ...upload, digest, body: requestBody(c, limit), limit });
    return created(c, upload, digest);
  }
  const algorithm = c.req.query('digest-algorithm') ?? 'sha256';
  if (algorithm !== 'sha256' && algorithm !== 'sha512') {
    throw ociError('DIGEST_INVALID', 'The digest algorithms are sha256 and sha512');
  }
  const session = await startUpload(registry, upload.ref, { algorithm });
  return reply(c, 202, null, sessionHeaders(upload, session));
}

/** Mounts a blob of the repository in `from`, else of any that the caller may pull. Returns whether it did. */
async function mountFrom(c: FormatContext, upload: Upload, digest: ContentDigest): Promise<boolean> {
  const blob = await mountable(c, upload, digest);
  if (!blob) return false;
  try {
    await mountBlob(c.env.registry, upload, blob);
    return true;
  } catch (error) {
    // It was just deleted there.
    if (error instanceof RegistryError && error.code === 'fileNotFound') return false;
    throw error;
  }
}

async function mountable(
  c: FormatContext,
  { project }: Upload,
  digest: ContentDigest,
): Promise<PackageBlob | undefined> {
  const { registry, format } = c.env;
  const from = c.req.query('from');
  if (from === undefined) {
    const { principal, grant } = await caller(c);
    const covers = (source: Project, name: PackageName) =>
      isGranted(grant, repositoryPath(source.fullPath, name), 'pull');
    return (await findMountable(registry, { project, format, principal, covers, digest }))?.blob;
  }
  const select = () => ({ blobs: [digest] });
  const found = await pullAlso(c, { ...repository, projectPath: () => from, select });
  return found?.holdings[0]?.blobs.get(digest);
}

type Handle = (c: FormatContext, upload: Upload, session: UploadSession) => Promise<Response>;

function withSession(handle: Handle) {
  return async (c: FormatContext, target: Target) => {
    const upload = uploadTo(c, target);
    const id = c.req.param('id') ?? '';
    const session = await findUpload(c.env.registry, upload.ref, id);
    if (!session) throw unknownUpload(id);
    try {
      return await handle(c, upload, session);
    } catch (error) {
      if (error instanceof UploadEnded) throw unknownUpload(id);
      if (!(error instanceof OutOfOrder)) throw error;
      const sizes = {
        ...sessionHeaders(upload, { ...session, size: error.size }),
        'content-type': 'application/json',
      };
      const message = `The next chunk begins at byte ${error.size}`;
      const body = { errors: [{ code: 'BLOB_UPLOAD_INVALID', message, detail: { size: error.size } }] };
      return reply(c, 416, JSON.stringify(body), { ...sizes, 'content-length': undefined });
    }
  };
}

function unknownUpload(id: string) {
  return ociError('BLOB_UPLOAD_UNKNOWN', 'The upload has ended or never began', { id });
}

async function append(c: FormatContext, upload: Upload, session: UploadSession): Promise<Response> {
  const limit = uploadLimit(c);
  const options = { limit, range: rangeOf(c) };
  const longer = await appendToUpload(c.env.registry, session, requestBody(c, limit), options);
  return reply(c, 202, null, sessionHeaders(upload, longer));
}

async function finish(c: FormatContext, upload: Upload, session: UploadSession): Promise<Response> {
  const digest = contentDigest(c.req.query('digest') ?? '');
  const limit = uploadLimit(c);
  await finishUpload(c.env.registry, session, {
    ...{ digest, limit, project: upload.project, body: requestBody(c, limit), range: rangeOf(c) },
  });
  return created(c, upload, digest);
}

async function status(c: FormatContext, upload: Upload, session: UploadSession): Promise<Response> {
  return reply(c, 204, null, { ...sessionHeaders(upload, session), 'content-length': undefined });
}

async function cancel(c: FormatContext, _upload: Upload, session: UploadSession): Promise<Response> {
  await cancelUpload(c.env.registry, session);
  return reply(c, 204, null);
}

/** The bytes that a chunk has by its `Content-Range`, which has no unit here; undefined without one. */
function rangeOf(c: FormatContext): { readonly start: number; readonly size: number } | undefined {
  const range = c.req.header('content-range');
  if (range === undefined) return undefined;
  const [, first = '', last = ''] = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/.*)?$/.exec(range) ?? [];
  if (first === '') throw ociError('RANGE_INVALID', 'Content-Range is <first byte>-<last byte>');
  return { start: Number(first), size: Number(last) - Number(first) + 1 };
}

function created(c: FormatContext, upload: Upload, digest: ContentDigest): Response {
  const location = locationOf(upload, 'blobs', digest);
  return reply(c, 201, null, { location, ...digestHeaders(digest), 'content-length': '0' });
}

function sessionHeaders(upload: Upload, { id, size }: UploadSession): ReplyHeaders {
  return {
    location: locationOf(upload, 'blobs', 'uploads', id),
    range: `0-${Math.max(0, size - 1)}`,
    'docker-upload-uuid': id,
    'content-length': '0',
  };
}
