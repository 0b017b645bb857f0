import { RegistryError } from '../../../services/domain/errors.ts';
import type { PackageFile, PackageRef, StagedBlob } from '../../../services/domain/packages.ts';
import {
  change,
  type FormatContext,
  publish,
  pull,
  type Target,
} from '../../../services/http/access/guard.ts';
import type { Scope } from '../../../services/http/access/scope.ts';
import { reply, replyJson } from '../../../services/http/answer/reply.ts';
import { sendFile } from '../../../services/http/answer/send-file.ts';
import { takeFile } from '../../../services/http/body/take-file.ts';
import { prefixOf } from '../../../services/http/format/address.ts';
import type { FormatRoutes } from '../../../services/http/format/format.ts';
import { addFiles } from '../../../services/registry/packages/add-files.ts';
import { maybeEntity } from '../../../services/registry/records/entities.ts';
import { keys } from '../../../services/registry/records/keys.ts';
import { removeVersion } from '../../../services/registry/removal/remove-version.ts';
import { toyName } from './names.ts';

const part = (part: string) => (c: FormatContext) => toyName(c.req.param(part) ?? '');
const [name, version, file] = [part('name'), part('version'), part('file')];

const withFile = {
  name,
  more: (c: FormatContext, ref: PackageRef) => [keys.file(ref, version(c), file(c))],
};

/** PUT stores and GET sends a file at `/<name>/<version>/<file>`; DELETE removes `/<name>/<version>`. */
export function routes(app: FormatRoutes): void {
  app.get('/:name/:version/:file', pull(withFile, download));
  app.put('/:name/:version/:file', publish(withFile, upload));
  app.delete('/:name/:version', change('delete', { name }, remove));
}

/** Says where the files of the instance are, to anybody. */
export function discoveryRoutes(app: FormatRoutes): void {
  app.get('/', (c) => replyJson(c, 200, { files: `${prefixOf(c.env.format.mounts, 'instance', '')}/` }));
}

async function download(c: FormatContext, scope: Scope): Promise<Response> {
  const found = scope.found.flatMap(({ items }) => maybeEntity<PackageFile>(items[0]) ?? []);
  if (found[0]) return sendFile(c, found[0]);
  throw new RegistryError('packageNotFound');
}

async function upload(c: FormatContext, { project, actor, scope }: Target): Promise<Response> {
  if (scope.found[0]?.items[0]) throw new RegistryError('duplicateFile');
  const store = (blob: StagedBlob) =>
    addFiles(c.env.registry, {
      ...{ project, actor, format: c.env.format.id, name: name(c), version: version(c) },
      ...{ status: 'default', metadata: {}, duplicates: 'refuse' },
      files: [{ fileName: file(c), contentType: 'application/octet-stream', blob }],
    });
  await takeFile(c, store);
  return reply(c, 201, null);
}

async function remove(c: FormatContext, { project, actor }: Target): Promise<Response> {
  const version_ = { project, actor, format: c.env.format.id, name: name(c), version: version(c) };
  await removeVersion(c.env.registry, version_);
  return reply(c, 204, null);
}
