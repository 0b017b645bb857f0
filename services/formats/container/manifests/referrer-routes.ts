import type { Version } from '../../../domain/packages.ts';
import { type FormatContext, pull } from '../../../http/access/guard.ts';
import { reply } from '../../../http/answer/reply.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import type { FoundPackage } from '../../../registry/access/find-package.ts';
import { listReferrers } from '../../../registry/package-blobs/referrers.ts';
import { ociError } from '../errors.ts';
import { contentDigest, versionOf } from '../names.ts';
import { nextLink, pageSize } from '../paging.ts';
import { locationOf, repository } from '../repository.ts';
import { type Metadata, metadata } from '../schema.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';

/** The most bytes of descriptors in a page: clients refuse indexes of more than 4 MiB. */
const MAX_BYTES = 3 * 1024 * 1024;

/** `referrers`: the manifests that describe another one, such as its signatures, as an image index. */
export function referrerRoutes(app: FormatRoutes): void {
  app.get('/:repository/referrers/:digest', pull(repository, list));
}

async function list(c: FormatContext, { holdings, project, name }: FoundPackage): Promise<Response> {
  const digest = contentDigest(c.req.param('digest') ?? '');
  if (!project || name === undefined) throw ociError('NAME_UNKNOWN', 'The repository does not exist');
  const head = holdings[0]?.head;
  const artifactType = c.req.query('artifactType');
  const size = pageSize(c);
  const { descriptors, last } = head
    ? await collect(c, { head, subject: versionOf(digest), after: c.req.query('last'), size, artifactType })
    : { descriptors: [], last: undefined };
  const path = locationOf({ project, name }, 'referrers', digest);
  const query = { n: String(size), last: last ?? '', ...(artifactType !== undefined && { artifactType }) };
  return reply(c, 200, JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: descriptors }), {
    'content-type': INDEX,
    'oci-filters-applied': artifactType === undefined ? undefined : 'artifactType',
    link: last === undefined ? undefined : nextLink(path, query),
  });
}

interface Query {
  readonly head: Parameters<typeof listReferrers>[1];
  readonly subject: ReturnType<typeof versionOf>;
  readonly after: string | undefined;
  readonly size: number;
  readonly artifactType: string | undefined;
}

/** The descriptors of a page, and the digest that the next page continues after; undefined on the last page. */
async function collect(
  c: FormatContext,
  { head, subject, after, size, artifactType }: Query,
): Promise<{ readonly descriptors: readonly object[]; readonly last: string | undefined }> {
  const descriptors: object[] = [];
  let bytes = 0;
  for (let position = after; ; ) {
    const { versions, next } = await listReferrers(c.env.registry, head, {
      ...{ subject, after: position, limit: 100, metadata },
    });
    for (const [index, version] of versions.entries()) {
      if (artifactType !== undefined && version.metadata.artifactType !== artifactType) continue;
      const descriptor = descriptorOf(version);
      descriptors.push(descriptor);
      bytes += Buffer.byteLength(JSON.stringify(descriptor));
      if (descriptors.length < size && bytes < MAX_BYTES) continue;
      const isLast = next === undefined && index === versions.length - 1;
      return { descriptors, last: isLast ? undefined : version.version };
    }
    if (next === undefined) return { descriptors, last: undefined };
    position = next;
  }
}

function descriptorOf({ version, metadata: facts }: Version<Metadata>): object {
  return {
    mediaType: facts.mediaType,
    digest: version,
    size: facts.size,
    ...(facts.artifactType && { artifactType: facts.artifactType }),
    ...(facts.annotations && { annotations: JSON.parse(facts.annotations) }),
  };
}
