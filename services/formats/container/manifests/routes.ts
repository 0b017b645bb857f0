import { change, type FormatContext, publish, pull, type Target } from '../../../http/access/guard.ts';
import { reply } from '../../../http/answer/reply.ts';
import { sendFile } from '../../../http/answer/send-file.ts';
import { readBody } from '../../../http/body/request-body.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { type FoundPackage, findVersionOfTag } from '../../../registry/access/find-package.ts';
import type { Selection } from '../../../registry/access/holdings.ts';
import { deleteTag } from '../../../registry/packages/move-tag.ts';
import { removeVersion } from '../../../registry/removal/remove-version.ts';
import { ociError } from '../errors.ts';
import { reference, tagName } from '../names.ts';
import { digestHeaders, locationOf, repository } from '../repository.ts';
import type { Metadata } from '../schema.ts';
import { MANIFEST_FILE, pushManifest } from './push-manifest.ts';
import { MAX_MANIFEST } from './read-manifest.ts';

const files = [{ fileName: MANIFEST_FILE }];

/** GET, PUT and DELETE of manifests, by tag or digest. */
export function manifestRoutes(app: FormatRoutes): void {
  const path = '/:repository/manifests/:reference';
  app.get(path, pull<Metadata>({ ...repository, select }, send));
  app.put(path, publish<Metadata>({ ...repository, select: selectTag }, push));
  app.delete(path, change<Metadata>('delete', { ...repository, select }, remove));
}

function select(c: FormatContext): Selection {
  const requested = reference(c.req.param('reference') ?? '');
  return 'tag' in requested ? requested : { version: requested.version, files };
}

/** The tag of a push, so that a push of what it names already changes nothing. */
function selectTag(c: FormatContext): Selection {
  const requested = reference(c.req.param('reference') ?? '');
  return 'tag' in requested ? requested : {};
}

async function send(c: FormatContext, found: FoundPackage<Metadata>): Promise<Response> {
  const { copy } = found.selection.tag ? await findVersionOfTag(c.env.registry, found, files) : found;
  const file = copy?.files.get(MANIFEST_FILE);
  if (!copy || !file) throw unknown(c);
  // Clients need the headers of the registry, which a store does not send.
  return sendFile(c, file, {
    mode: 'proxy',
    disposition: 'inline',
    contentType: copy.version.metadata.mediaType,
    headers: { ...digestHeaders(copy.version.version) },
  });
}

async function push(c: FormatContext, { project, actor, access }: Target<Metadata>): Promise<Response> {
  const { name, holdings } = access;
  if (name === undefined) throw unknown(c);
  const requested = reference(c.req.param('reference') ?? '');
  const tags = 'tag' in requested ? [requested.tag] : (c.req.queries('tag') ?? []).map(tagName);
  if (tags.length > MAX_TAGS) throw ociError('TAG_INVALID', `A push sets at most ${MAX_TAGS} tags`);
  const { digest, subject } = await pushManifest(c.env, {
    ...{ project, actor, name, tags, requested },
    current: holdings[0]?.tag,
    bytes: await read(c),
    contentType: c.req.header('content-type'),
  });
  return reply(c, 201, null, {
    location: locationOf({ project, name }, 'manifests', digest),
    ...digestHeaders(digest),
    'oci-subject': subject,
    'oci-tag': 'tag' in requested || tags.length === 0 ? undefined : tags.join(', '),
    'content-length': '0',
  });
}

/** The most tags that one push of a digest may set. */
const MAX_TAGS = 10;

function read(c: FormatContext): Promise<Buffer> {
  const host = c.env.registry.settings.bodyLimit;
  return readBody(c, MAX_MANIFEST <= host.bytes ? { bytes: MAX_MANIFEST, hint: '' } : host);
}

async function remove(
  c: FormatContext,
  { project, actor, access, holding }: Target<Metadata>,
): Promise<Response> {
  const { name, selection } = access;
  if (name === undefined) throw unknown(c);
  const input = { project, actor, format: c.env.format.id, name };
  const { tag } = selection;
  if (tag !== undefined) {
    if (!holding?.tag) throw unknown(c);
    await deleteTag(c.env.registry, { ...input, tag });
  } else {
    if (!holding?.version) throw unknown(c);
    const { version, id } = holding.version;
    await removeVersion(c.env.registry, { ...input, version, id, onlyIf: 'unused' });
  }
  return reply(c, 202, null, { 'content-length': '0' });
}

function unknown(c: FormatContext) {
  return ociError('MANIFEST_UNKNOWN', 'The repository has no such manifest', {
    reference: c.req.param('reference'),
  });
}
