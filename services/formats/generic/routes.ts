import { badRequest } from '../../domain/errors.ts';
import type { PackageStatus, StagedBlob } from '../../domain/packages.ts';
import { change, type FormatContext, publish, pull, type Target } from '../../http/access/guard.ts';
import { packageFileJson } from '../../http/answer/package-json.ts';
import { reply, replyJson } from '../../http/answer/reply.ts';
import { sendFile } from '../../http/answer/send-file.ts';
import { takeFile } from '../../http/body/take-file.ts';
import type { FormatRoutes } from '../../http/format/format.ts';
import type { FoundPackage } from '../../registry/access/find-package.ts';
import { missingFile } from '../../registry/access/refusals.ts';
import { addFiles } from '../../registry/packages/add-files.ts';
import { removeFile } from '../../registry/removal/remove-file.ts';
import { removeVersion } from '../../registry/removal/remove-version.ts';
import { filePath, packageName, packageVersion } from './names.ts';

const name = (c: FormatContext) => packageName(c.req.param('name') ?? '');
const version = (c: FormatContext) => packageVersion(c.req.param('version') ?? '');
const file = (c: FormatContext) => filePath(c.req.param('file') ?? '');

const withVersion = { name, select: (c: FormatContext) => ({ version: version(c) }) };
const withFile = {
  name,
  select: (c: FormatContext) => ({ version: version(c), files: [{ fileName: file(c) }] }),
};

/** PUT, GET and DELETE of files at `/<name>/<version>/<file>`, and DELETE of whole versions. */
export function routes(app: FormatRoutes): void {
  const path = '/:name/:version/:file{.+}';
  app.get(path, pull(withFile, download));
  app.put(path, publish({ name, announced: withFile.select }, upload));
  app.delete(path, change('delete', withFile, deleteFile));
  app.delete('/:name/:version', change('delete', withVersion, deleteVersion));
}

async function download(c: FormatContext, found: FoundPackage): Promise<Response> {
  const { copy, holdings, selection } = found;
  const [selected] = selection.files ?? [];
  const stored = selected && copy?.files.get(selected.fileName);
  if (stored) return sendFile(c, stored);
  throw missingFile(holdings);
}

async function upload(c: FormatContext, target: Target): Promise<Response> {
  const status = statusOf(c);
  const select = c.req.query('select');
  if (select !== undefined && select !== 'package_file') {
    throw badRequest('select does not have a valid value');
  }
  const path = { name: name(c), version: version(c), fileName: file(c) };
  const store = (blob: StagedBlob) =>
    addFiles(c.env.registry, {
      project: target.project,
      actor: target.actor,
      format: c.env.format,
      name: path.name,
      version: path.version,
      ...(status && { status, newStatus: status }),
      metadata: {},
      files: [{ fileName: path.fileName, contentType: 'application/octet-stream', blob }],
    });
  const {
    version: stored,
    files: [added],
  } = await takeFile(c, store, 'file');
  if (select === undefined || !added) return replyJson(c, 201, { message: '201 Created' });
  return replyJson(c, 200, packageFileJson(added, stored.id));
}

/** The statuses that clients may request for a version. */
const statuses = ['default', 'hidden'] as const satisfies readonly PackageStatus[];

/** The requested status; undefined if the request says nothing of it. */
function statusOf(c: FormatContext): PackageStatus | undefined {
  const requested = c.req.query('status');
  if (requested === undefined) return undefined;
  const status = statuses.find((each) => each === requested);
  if (!status) throw badRequest('status does not have a valid value');
  return status;
}

async function deleteFile(c: FormatContext, target: Target): Promise<Response> {
  await removeFile(c.env.registry, {
    ...target,
    format: c.env.format.id,
    name: name(c),
    version: version(c),
    fileName: file(c),
  });
  return reply(c, 204, null);
}

async function deleteVersion(c: FormatContext, target: Target): Promise<Response> {
  await removeVersion(c.env.registry, {
    ...target,
    format: c.env.format.id,
    name: name(c),
    version: version(c),
  });
  return reply(c, 204, null);
}
