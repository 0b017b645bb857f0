import { type FormatContext, pull } from '../../../http/access/guard.ts';
import { replyJson } from '../../../http/answer/reply.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { queryNumber } from '../../../http/format/query-number.ts';
import type { Access } from '../../../registry/access/open-access.ts';
import { findVisible, headsOf, searchVisible } from '../../../registry/search/visible-packages.ts';
import { baseOf, releasesFound, releasesOfHit, requireUser } from '../context.ts';
import { isPackageId, NO_ID } from '../names.ts';
import { listedReleases, type ReleaseFacts, shownVersion, type Wanted } from '../releases.ts';
import { isOfType, searchResult } from './search-results.ts';

/** The most results of one page, as on nuget.org. */
const MAX_TAKE = 1000;

/** `/query` and `/autocomplete`: packages by the words of their ids, as far as the caller may pull them. */
export function searchRoutes(app: FormatRoutes): void {
  app.get('/query', pull({}, query));
  app.get('/autocomplete', (c, next) =>
    c.req.query('id') === undefined
      ? pull({}, autocomplete)(c, next)
      : pull({ name: askedId }, listVersions)(c, next),
  );
}

async function query(c: FormatContext, access: Access): Promise<Response> {
  const wanted = wantedOf(c);
  const base = baseOf(c);
  return replyJson(c, 200, {
    '@context': { '@vocab': 'http://schema.nuget.org/schema#', '@base': `${base}/` },
    ...(await find(c, access, wanted, (releases) => searchResult(base, releases, wanted))),
  });
}

async function autocomplete(c: FormatContext, access: Access): Promise<Response> {
  const found = await find(c, access, wantedOf(c), (releases) => releases.at(-1)?.metadata.id);
  return replyJson(c, 200, { '@context': CONTEXT, ...found });
}

const CONTEXT = { '@vocab': 'http://schema.nuget.org/schema#' };

/** A page of what is shown of packages, and how many there are at most. */
interface Page<T> {
  readonly totalHits: number;
  readonly data: readonly T[];
}

/**
 * The packages with a version that is listed and wanted. What is searched is the id; `packageId:x` names one. Only what
 * comes before the end of the page is looked into; whatever follows counts as found.
 */
async function find<T>(
  c: FormatContext,
  access: Access,
  wanted: Wanted,
  show: (releases: readonly ReleaseFacts[]) => T,
): Promise<Page<T>> {
  requireUser(c, access);
  const { registry } = c.env;
  const text = c.req.query('q') ?? '';
  const exact = /^\s*(?:packageid|id):\s*"?(?<id>[^"\s]+)"?\s*$/i.exec(text)?.groups?.id?.toLowerCase();
  const hits =
    exact === undefined
      ? searchVisible(registry, access, text)
      : findVisible(registry, access, [exact].filter(isPackageId));
  const packages = await headsOf(registry, access.format, await hits);
  const skip = queryNumber(c, 'skip', 0, Number.MAX_SAFE_INTEGER);
  const end = skip + queryNumber(c, 'take', 20, MAX_TAKE);
  const type = c.req.query('packageType') ?? '';
  const data: T[] = [];
  let found = 0;
  let left = packages.length;
  for (const heads of packages) {
    if (found >= end) break;
    left--;
    const releases = listedReleases(await releasesOfHit(c, heads), wanted);
    const latest = releases.at(-1);
    if (!latest || (type !== '' && !isOfType(latest, type))) continue;
    if (found >= skip) data.push(show(releases));
    found++;
  }
  return { totalHits: found + left, data };
}

/** By the protocol neither prereleases nor SemVer 2.0.0 packages are told of unasked. */
function wantedOf(c: FormatContext): Wanted {
  return {
    prerelease: c.req.query('prerelease')?.toLowerCase() === 'true',
    semVer2: /^2\./.test(c.req.query('semVerLevel') ?? ''),
  };
}

function askedId(c: FormatContext): string {
  const id = c.req.query('id') ?? '';
  return isPackageId(id) ? id.toLowerCase() : NO_ID;
}

/** The versions of the package named by `id`; a package that is not there has none. */
async function listVersions(c: FormatContext, access: Access): Promise<Response> {
  const releases = listedReleases(await releasesFound(c, access), wantedOf(c));
  return replyJson(c, 200, {
    '@context': CONTEXT,
    totalHits: releases.length,
    data: releases.map(({ metadata }) => shownVersion(metadata)),
  });
}
