import type { PackageName } from '../../../domain/names.ts';
import { type FormatContext, pull } from '../../../http/access/guard.ts';
import { replyJson } from '../../../http/answer/reply.ts';
import { searchCompleteness } from '../../../http/answer/search-completeness.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { queryNumber } from '../../../http/format/query-number.ts';
import type { Access } from '../../../registry/access/open-access.ts';
import { headsOf } from '../../../registry/search/visible-packages.ts';
import { baseOf, candidates, challengeAnonymous, releasesOfHit, requestedReleases } from '../context.ts';
import { NO_ID, parsePackageId } from '../names.ts';
import { fullVersion, listedReleases, type ReleaseFacts, type VersionFilter } from '../releases.ts';
import { parseSearchText } from '../search/search-text.ts';
import { isOfType, searchResult } from './search-results.ts';

/** The most results per page, as on nuget.org. */
const MAX_TAKE = 1000;

/** `/query` and `/autocomplete`: searches the ids of the packages that the caller may pull. */
export function searchRoutes(app: FormatRoutes): void {
  app.get('/query', pull({}, query));
  app.get('/autocomplete', (c, next) =>
    c.req.query('id') === undefined
      ? pull({}, autocomplete)(c, next)
      : pull({ name: requestedId }, listVersions)(c, next),
  );
}

async function query(c: FormatContext, access: Access): Promise<Response> {
  const filter = versionFilterOf(c);
  const base = baseOf(c);
  const { complete, ...page } = await find(c, access, filter, (releases) =>
    searchResult(base, releases, filter),
  );
  const context = { '@vocab': 'http://schema.nuget.org/schema#', '@base': `${base}/` };
  return replyJson(c, 200, { '@context': context, ...page }, searchCompleteness({ complete }));
}

async function autocomplete(c: FormatContext, access: Access): Promise<Response> {
  const { complete, ...found } = await find(
    c,
    access,
    versionFilterOf(c),
    (releases) => releases.at(-1)?.metadata.id,
  );
  return replyJson(c, 200, { '@context': CONTEXT, ...found }, searchCompleteness({ complete }));
}

const CONTEXT = { '@vocab': 'http://schema.nuget.org/schema#' };

/** A page of results, and an upper bound for their number. */
interface Page<T> {
  readonly totalHits: number;
  readonly data: readonly T[];
  /** Whether all packages that match were found. */
  readonly complete: boolean;
}

/**
 * Finds packages by a search text that have a listed version that passes the filter. The latest such version must match
 * the text. Packages after the end of the page are not read; they all count as found.
 */
async function find<T>(
  c: FormatContext,
  access: Access,
  filter: VersionFilter,
  show: (releases: readonly ReleaseFacts[]) => T,
): Promise<Page<T>> {
  challengeAnonymous(c, access);
  const text = parseSearchText(c.req.query('q') ?? '');
  const { hits, complete } = await candidates(c, access, text);
  const packages = await headsOf(c.env.registry, access.format, hits);
  const skip = queryNumber(c, 'skip', 0, Number.MAX_SAFE_INTEGER);
  const end = skip + queryNumber(c, 'take', 20, MAX_TAKE);
  const type = c.req.query('packageType') ?? '';
  const data: T[] = [];
  let found = 0;
  let left = packages.length;
  for (const held of packages) {
    if (found >= end) break;
    left--;
    const releases = listedReleases(await releasesOfHit(c, held), filter);
    const latest = releases.at(-1);
    if (!latest || (type !== '' && !isOfType(latest, type)) || !text.matches(latest)) continue;
    if (found >= skip) data.push(show(releases));
    found++;
  }
  return { totalHits: found + left, data, complete };
}

/** The protocol requires prereleases and SemVer 2.0.0 packages to be left out unless requested. */
function versionFilterOf(c: FormatContext): VersionFilter {
  return {
    prerelease: c.req.query('prerelease')?.toLowerCase() === 'true',
    semVer2: /^2\./.test(c.req.query('semVerLevel') ?? ''),
  };
}

function requestedId(c: FormatContext): PackageName {
  return parsePackageId(c.req.query('id') ?? '') ?? NO_ID;
}

/** Lists the versions of the package in `id`; none if it does not exist. */
async function listVersions(c: FormatContext, access: Access): Promise<Response> {
  const releases = listedReleases(await requestedReleases(c, access), versionFilterOf(c));
  return replyJson(c, 200, {
    '@context': CONTEXT,
    totalHits: releases.length,
    data: releases.map(({ metadata }) => fullVersion(metadata)),
  });
}
