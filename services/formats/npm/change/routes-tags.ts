import * as z from 'zod';
import { parseTagName } from '../../../domain/names.ts';
import { change, type FormatContext, pull, type Target } from '../../../http/access/guard.ts';
import { indexDocument } from '../../../http/answer/index-document.ts';
import { replyJson } from '../../../http/answer/reply.ts';
import { sendDocument } from '../../../http/answer/send-document.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import type { Access } from '../../../registry/access/open-access.ts';
import { deleteTag, moveTag } from '../../../registry/packages/move-tag.ts';
import { nameOf } from '../context.ts';
import { distTag, packageVersion } from '../names.ts';
import { distTags } from '../read/packument.ts';
import { parsed, readJson } from '../read-json.ts';

/** Yarn 1 treats a response without `ok` as a failure. */
const DONE = { ok: true, success: true };

const tagOf = (c: FormatContext) => distTag(c.req.param('tag') ?? '');

/**
 * Tags are read and changed at every level. At group and instance level, a change applies to the first project
 * found.
 */
export function tagRoutes(app: FormatRoutes): void {
  app.get('/-/package/:name/dist-tags', pull({ name: nameOf }, list));
  // A malformed tag is refused once the caller is known to be allowed to set one.
  const moved = {
    name: nameOf,
    select: (c: FormatContext) => ({ tag: parseTagName(c.req.param('tag') ?? '') }),
  };
  app.put('/-/package/:name/dist-tags/:tag', change('publish', moved, move));
  app.post('/-/package/:name/dist-tags/:tag', change('publish', moved, move));
  app.delete(
    '/-/package/:name/dist-tags/:tag',
    change('delete', { name: nameOf, select: (c) => ({ tag: tagOf(c) }) }, remove),
  );
}

async function list(c: FormatContext, access: Access): Promise<Response> {
  const document = await indexDocument(c, access, distTags);
  return sendDocument(c, document, { contentType: 'application/json', variant: 'tags' });
}

async function move(c: FormatContext, target: Target): Promise<Response> {
  const tag = tagOf(c);
  const version = packageVersion(parsed(z.string(), await readJson(c, 16 * 1024)));
  await moveTag(c.env.registry, {
    ...target,
    format: c.env.format.id,
    name: nameOf(c),
    tag,
    version,
    known: target.holding,
  });
  return replyJson(c, 200, DONE);
}

async function remove(c: FormatContext, target: Target): Promise<Response> {
  await deleteTag(c.env.registry, {
    ...target,
    format: c.env.format.id,
    name: nameOf(c),
    tag: tagOf(c),
    known: target.holding,
  });
  return replyJson(c, 200, DONE);
}
