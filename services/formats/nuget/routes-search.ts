import type { FormatRoutes } from '../../http/format.ts';
import { type FormatContext, pull } from '../../http/guard.ts';
import { indexDocument } from '../../http/index-document.ts';
import { replyJson } from '../../http/reply.ts';
import type { Scope } from '../../http/scope.ts';
import { queryNumber, searchScope } from '../../http/search-scope.ts';
import { baseOf, releasesOfHits, requireUser } from './context.ts';
import { isPackageId, NO_ID } from './names.ts';
import {
  listedReleases,
  type ReleaseFacts,
  releaseCatalog,
  releasesIn,
  shownVersion,
  type Wanted,
} from './releases.ts';
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

async function query(c: FormatContext, scope: Scope): Promise<Response> {
  const wanted = wantedOf(c);
  const found = await find(c, scope, wanted);
  const base = baseOf(c);
  return replyJson(c, 200, {
    '@context': { '@vocab': 'http://schema.nuget.org/schema#', '@base': `${base}/` },
    totalHits: found.length,
    data: pageOf(c, found).map((releases) => searchResult(base, releases, wanted)),
  });
}

async function autocomplete(c: FormatContext, scope: Scope): Promise<Response> {
  const found = await find(c, scope, wantedOf(c));
  const ids = pageOf(c, found).flatMap((releases) => releases.at(-1)?.metadata.id ?? []);
  return replyJson(c, 200, { '@context': CONTEXT, totalHits: found.length, data: ids });
}

const CONTEXT = { '@vocab': 'http://schema.nuget.org/schema#' };

/** The packages with a version that is listed and wanted. What is searched is the id; `packageId:x` names one. */
async function find(c: FormatContext, scope: Scope, wanted: Wanted): Promise<ReleaseFacts[][]> {
  requireUser(c, scope);
  const text = c.req.query('q') ?? '';
  const exact = /^\s*(?:packageid|id):\s*"?(?<id>[^"\s]+)"?\s*$/i.exec(text)?.groups?.id?.toLowerCase();
  const hits = await searchScope(c, scope, exact ?? text);
  const meant = exact === undefined ? hits : hits.filter(({ name }) => name === exact);
  const type = c.req.query('packageType') ?? '';
  return (await releasesOfHits(c, meant))
    .map((releases) => listedReleases(releases, wanted))
    .filter((releases) => {
      const latest = releases.at(-1);
      return latest !== undefined && (type === '' || isOfType(latest, type));
    });
}

function pageOf<T>(c: FormatContext, all: readonly T[]): T[] {
  const skip = queryNumber(c, 'skip', 0, Number.MAX_SAFE_INTEGER);
  return all.slice(skip, skip + queryNumber(c, 'take', 20, MAX_TAKE));
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
async function listVersions(c: FormatContext, scope: Scope): Promise<Response> {
  const held = scope.found.some(({ head }) => head);
  const document = held ? await indexDocument(c, scope, releaseCatalog) : undefined;
  const releases = document ? listedReleases(releasesIn(document), wantedOf(c)) : [];
  return replyJson(c, 200, {
    '@context': CONTEXT,
    totalHits: releases.length,
    data: releases.map(({ metadata }) => shownVersion(metadata)),
  });
}
