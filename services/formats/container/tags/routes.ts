import { type FormatContext, pull } from '../../../http/access/guard.ts';
import { replyJson } from '../../../http/answer/reply.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import type { FoundPackage } from '../../../registry/access/find-package.ts';
import { listTags } from '../../../registry/packages/list-tags.ts';
import { ociError } from '../errors.ts';
import { nextLink, pageSize } from '../paging.ts';
import { locationOf, repository } from '../repository.ts';

/** `tags/list`: the tags of a repository in order, page by page. */
export function tagRoutes(app: FormatRoutes): void {
  app.get('/:repository/tags/list', pull(repository, list));
}

async function list(c: FormatContext, { holdings, project, name }: FoundPackage): Promise<Response> {
  if (!project || name === undefined) throw ociError('NAME_UNKNOWN', 'The repository does not exist');
  const size = pageSize(c);
  const after = c.req.query('last');
  const head = holdings[0]?.head;
  const { tags, more } =
    head && size > 0
      ? await listTags(c.env.registry, head, { limit: size, after })
      : { tags: [], more: false };
  const path = locationOf({ project, name }, 'tags', 'list');
  const names = tags.map(({ tag }) => tag);
  return replyJson(
    c,
    200,
    { name: path.slice('/v2/'.length, -'/tags/list'.length), tags: names },
    {
      ...(more && { link: nextLink(path, { n: String(size), last: names.at(-1) ?? '' }) }),
    },
  );
}
