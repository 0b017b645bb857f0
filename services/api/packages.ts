import type { Hono } from 'hono';
import * as z from 'zod';
import { RegistryError } from '../domain/errors.ts';
import { isListed, isServed, type PackageFile, type Version } from '../domain/packages.ts';
import { actorOf } from '../http/access/actor.ts';
import { packageFileJson } from '../http/answer/package-json.ts';
import { reply, replyJson } from '../http/answer/reply.ts';
import { sendFile } from '../http/answer/send-file.ts';
import type { CallEnv } from '../http/call.ts';
import { downloadsOf } from '../registry/downloads/count-downloads.ts';
import { findVersionById } from '../registry/packages/read-versions.ts';
import { removeFile } from '../registry/removal/remove-file.ts';
import { removeVersion } from '../registry/removal/remove-version.ts';
import { walkFilesOfVersion } from '../registry/removal/removed.ts';
import { otherVersions, tagsOf } from '../registry/search/list-packages.ts';
import { otherVersionJson, packageJson } from './json/package-json.ts';
import { listGroupPackages, listProjectPackages } from './list-packages.ts';
import { pageOf, paging, sortedRows } from './paginate.ts';
import { integer, readParams, unlessBlank } from './params.ts';
import { type ApiContext, idParam, type OpenedProject, openProject, scopes } from './request.ts';

const fileParams = z.object({
  ...paging,
  order_by: z.enum(['id', 'created_at', 'file_name']).default('id'),
  sort: z.enum(['asc', 'desc']).default('asc'),
});

const pipelineParams = z.object({
  per_page: unlessBlank(integer.pipe(z.number().min(1).max(20)).default(20)),
});

/** The packages of projects and groups, of all formats. */
export function packageRoutes(app: Hono<CallEnv>): void {
  const path = '/projects/:id/packages';
  app.get('/groups/:id/packages', listGroupPackages);
  app.get(path, listProjectPackages);
  app.get(`${path}/:package_id`, showPackage);
  app.get(`${path}/:package_id/package_files`, listFiles);
  app.get(`${path}/:package_id/package_files/:file_id/download`, download);
  app.get(`${path}/:package_id/pipelines`, listPipelines);
  app.delete(`${path}/:package_id`, deletePackage);
  app.delete(`${path}/:package_id/package_files/:file_id`, deletePackageFile);
}

interface OpenedPackage extends OpenedProject {
  readonly version: Version;
}

async function open(c: ApiContext, action: 'pull' | 'delete'): Promise<OpenedPackage> {
  const opened = await openProject(c, action, action === 'pull' ? scopes.readPackages : scopes.writePackages);
  const version = await findVersionById(c.env.registry, opened.project.id, idParam(c, 'package_id'));
  if (!version) throw new RegistryError('packageNotFound');
  return { ...opened, version };
}

async function showPackage(c: ApiContext): Promise<Response> {
  const { registry } = c.env;
  const { project, rights, version } = await open(c, 'pull');
  if (!isListed(version)) throw new RegistryError('packageNotFound');
  const others = await otherVersions(registry, version, isListed);
  const [tags, downloads] = await Promise.all([
    tagsOf(registry, [version, ...others]),
    downloadsOf(registry.table, [version.id]),
  ]);
  const deletable = rights.may('delete');
  const lastDownloadedAt = downloads.get(version.id)?.lastAt ?? null;
  const facts = {
    url: registry.settings.url,
    project,
    tags: tags.get(version.id) ?? [],
    deletable,
    lastDownloadedAt,
  };
  return replyJson(c, 200, {
    ...packageJson(version, facts),
    versions: others.map((row) => otherVersionJson(row, tags.get(row.id) ?? [])),
  });
}

/** The files of a version as published, without generated files that are only part of another file. */
async function* filesOf(c: ApiContext, version: Version): AsyncGenerator<PackageFile> {
  for await (const { file } of walkFilesOfVersion(c.env.registry, version, version)) {
    if (file.partOf === undefined && file.removedAt === undefined) yield file;
  }
}

async function listFiles(c: ApiContext): Promise<Response> {
  const { version } = await open(c, 'pull');
  const params = await readParams(c, fileParams);
  const inOrder = sortedRows(filesOf(c, version), {
    by: (file) => orderValue(file, params.order_by),
    id: ({ id }) => id,
    descending: params.sort === 'desc',
  });
  const { rows, headers } = await pageOf(c, params, inOrder);
  return replyJson(
    c,
    200,
    rows.map((file) => packageFileJson(file, version.id)),
    headers,
  );
}

function orderValue(file: PackageFile, order: z.infer<typeof fileParams>['order_by']): string | number {
  if (order === 'file_name') return file.fileName;
  return order === 'id' ? file.id : file.createdAt;
}

async function fileOf(c: ApiContext, version: Version): Promise<PackageFile> {
  const id = idParam(c, 'file_id');
  for await (const file of filesOf(c, version)) if (file.id === id) return file;
  throw new RegistryError('fileNotFound');
}

async function download(c: ApiContext): Promise<Response> {
  const { version } = await open(c, 'pull');
  if (!isServed(version)) throw new RegistryError('packageNotFound');
  return sendFile(c, await fileOf(c, version));
}

/** Always an empty list: packages have no pipelines, but clients request them. */
async function listPipelines(c: ApiContext): Promise<Response> {
  await open(c, 'pull');
  await readParams(c, pipelineParams);
  return replyJson(c, 200, []);
}

async function deletePackage(c: ApiContext): Promise<Response> {
  const opened = await open(c, 'delete');
  checkUnmodified(c, opened.version.updatedAt);
  await removeVersion(c.env.registry, deletionOf(c, opened));
  return reply(c, 204, null);
}

async function deletePackageFile(c: ApiContext): Promise<Response> {
  const opened = await open(c, 'delete');
  const file = await fileOf(c, opened.version);
  checkUnmodified(c, file.createdAt);
  await removeFile(c.env.registry, { ...deletionOf(c, opened), fileId: file.id });
  return reply(c, 204, null);
}

function deletionOf(c: ApiContext, { project, principal, version }: OpenedPackage) {
  const { format, name, id } = version;
  return { project, actor: actorOf(principal, c), format, name, version: version.version, id };
}

/**
 * Refuses a deletion if the item has changed since the client's `If-Unmodified-Since`. HTTP dates have whole
 * seconds.
 */
function checkUnmodified(c: ApiContext, changedAt: number): void {
  const since = Date.parse(c.req.header('if-unmodified-since') ?? '');
  if (Math.floor(changedAt / 1000) * 1000 > since) {
    throw new RegistryError('preconditionFailed', 'Precondition Failed');
  }
}
