import * as z from 'zod';
import { RegistryError } from '../../../services/domain/errors.ts';
import { parseFileName, parsePackageName, parseVersionName } from '../../../services/domain/names.ts';
import type { StagedBlob } from '../../../services/domain/packages.ts';
import {
  change,
  type FormatContext,
  publish,
  pull,
  type Target,
} from '../../../services/http/access/guard.ts';
import { reply, replyJson } from '../../../services/http/answer/reply.ts';
import { sendFile } from '../../../services/http/answer/send-file.ts';
import { sendIndex } from '../../../services/http/answer/send-index.ts';
import { requestBody } from '../../../services/http/body/request-body.ts';
import { takeFile } from '../../../services/http/body/take-file.ts';
import { prefixOf } from '../../../services/http/format/address.ts';
import type { FormatRoutes } from '../../../services/http/format/format.ts';
import type { FoundPackage } from '../../../services/registry/access/find-package.ts';
import { discardUnless, stageBytes } from '../../../services/registry/blobs/stage-blob.ts';
import { addFiles } from '../../../services/registry/packages/add-files.ts';
import { publishVersion } from '../../../services/registry/packages/publish-version.ts';
import { removeVersion } from '../../../services/registry/removal/remove-version.ts';
import { parseJson } from '../../../services/shared/json/parse-json.ts';
import type { ToyMetadata } from './metadata.ts';
import { toyName } from './names.ts';

/** The body of a publish of a whole version: texts by file name. */
const Texts = z.record(z.string(), z.string());

const name = (c: FormatContext) => toyName(parsePackageName, c.req.param('name') ?? '');
const version = (c: FormatContext) => toyName(parseVersionName, c.req.param('version') ?? '');
const file = (c: FormatContext) => toyName(parseFileName, c.req.param('file') ?? '');

const document = (c: FormatContext) => ({ index: 'main', name: c.req.param('document') ?? '' });

const withFile = {
  name,
  select: (c: FormatContext) => ({ version: version(c), files: [{ fileName: file(c) }] }),
};

/** What the address of a publish of a whole version announces. */
const newVersion = (c: FormatContext) => ({ version: version(c), files: [], ofNewVersion: true });

/**
 * PUT stores and GET sends a file at `/<name>/<version>/<file>`; POST publishes `/<name>/<version>` with all its files, a
 * JSON object of names and texts; DELETE removes it. GET of `/-/index/<document>` sends a document of the project's
 * index.
 */
export function routes(app: FormatRoutes): void {
  app.get('/-/index/:document{.+}', pull({ document }, sendIndex));
  app.get('/:name/:version/:file', pull(withFile, download));
  app.put('/:name/:version/:file', publish({ name, announced: withFile.select }, upload));
  app.post('/:name/:version', publish({ name, announced: newVersion }, publishAll));
  app.delete('/:name/:version', change('delete', { name, select: (c) => ({ version: version(c) }) }, remove));
}

/** Serves the path of the files of the instance, without authentication. */
export function discoveryRoutes(app: FormatRoutes): void {
  app.get('/', (c) => replyJson(c, 200, { files: `${prefixOf(c.env.format.mounts, 'instance', '')}/` }));
}

async function download(c: FormatContext, { copy }: FoundPackage): Promise<Response> {
  const found = copy?.files.get(file(c));
  if (found) return sendFile(c, found);
  throw new RegistryError('packageNotFound');
}

async function upload(c: FormatContext, { project, actor }: Target): Promise<Response> {
  const store = (blob: StagedBlob) =>
    addFiles(c.env.registry, {
      ...{ project, actor, format: c.env.format, name: name(c), version: version(c) },
      ...{ status: 'default', metadata: metadata(c) },
      files: [{ fileName: file(c), contentType: 'application/octet-stream', blob }],
    });
  await takeFile(c, store);
  return reply(c, 201, null);
}

async function publishAll(c: FormatContext, { project, actor }: Target): Promise<Response> {
  const { registry, format } = c.env;
  const texts = await readTexts(c);
  const staged: StagedBlob[] = [];
  await discardUnless(registry, staged, async () => {
    for (const text of Object.values(texts)) staged.push(await stageBytes(registry, Buffer.from(text)));
    const files = Object.keys(texts).flatMap((fileName, index) => {
      const blob = staged[index];
      const contentType = 'application/octet-stream';
      return blob ? [{ fileName: toyName(parseFileName, fileName), contentType, blob }] : [];
    });
    await publishVersion<ToyMetadata>(registry, {
      ...{ project, actor, format, name: name(c), version: version(c), metadata: metadata(c) },
      files,
    });
  });
  return reply(c, 201, null);
}

async function readTexts(c: FormatContext): Promise<Readonly<Record<string, string>>> {
  const bytes: Uint8Array[] = [];
  for await (const part of requestBody(c, { bytes: c.env.format.fileLimit, hint: '' })) bytes.push(part);
  return Texts.parse(parseJson(Buffer.concat(bytes).toString(), { values: 1000 }));
}

/** The metadata of a package, which is in a header: toy files are not read. */
function metadata(c: FormatContext): ToyMetadata {
  const description = c.req.header('x-toy-description');
  return description === undefined ? {} : { description };
}

async function remove(c: FormatContext, { project, actor }: Target): Promise<Response> {
  const version_ = { project, actor, format: c.env.format.id, name: name(c), version: version(c) };
  await removeVersion(c.env.registry, version_);
  return reply(c, 204, null);
}
