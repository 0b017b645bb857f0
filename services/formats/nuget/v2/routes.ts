import { RegistryError } from '../../../domain/errors.ts';
import type { PackageName } from '../../../domain/names.ts';
import { authenticate } from '../../../http/access/authenticate.ts';
import { type FormatContext, pull } from '../../../http/access/guard.ts';
import { type ReplyHeaders, reply } from '../../../http/answer/reply.ts';
import { searchCompleteness } from '../../../http/answer/search-completeness.ts';
import { sendFile } from '../../../http/answer/send-file.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import type { Access } from '../../../registry/access/open-access.ts';
import { headsOf } from '../../../registry/search/visible-packages.ts';
import { packageFile } from '../addresses.ts';
import { baseOf, candidates, challengeAnonymous, releasesOfHit, requestedReleases } from '../context.ts';
import { NO_ID, packageId, packageVersion, parsePackageId } from '../names.ts';
import type { ReleaseFacts } from '../releases.ts';
import { renderEntry, renderFeed, renderSchema, renderService } from './feed.ts';
import { type ODataCall, parseCall } from './odata/literals.ts';
import { orderBy } from './odata/order-by.ts';
import { compare, paged, parameter, propertyOf, type Query, queryOf, requireAtom } from './query.ts';
import { type Row, rowsOf } from './row.ts';

/**
 * The part of the V2 protocol that Chocolatey, PowerShellGet and NuGet 2 use: an OData feed of all versions.
 * Publishing and unlisting are V3's, at paths under `/v2`.
 */
export function feedRoutes(app: FormatRoutes): void {
  app.get('/v2', describe(renderService, 'application/atomsvc+xml'));
  app.get('/v2/$metadata', describe(renderSchema, 'application/xml'));
  app.get('/v2/:call', (c, next) => answer(c, next, sendFeed));
  app.get('/v2/:call/$count', (c, next) => answer(c, next, sendCount));
  app.get('/v2/:call/$value', (c, next) => answerValue(c, next));
}

/**
 * NuGet 2 finds out here, and at no later URL, whether it needs credentials. Above project level these documents
 * are the same for every user: they contain only their own URL, and reveal nothing about projects.
 */
function describe(render: (base: string) => string, type: string): ReturnType<typeof pull> {
  const show = (c: FormatContext) => {
    requireAtom(c);
    return xml(c, render(baseOf(c)), type);
  };
  const inProject = pull({}, show);
  return async (c, next) => {
    if (c.env.address.level === 'project') return inProject(c, next);
    const principal = await authenticate(c, c.env.format.tokenHeaders);
    if (principal.kind === 'anonymous') throw new RegistryError('unauthenticated');
    return show(c);
  };
}

function xml(c: FormatContext, body: string, type: string, headers: ReplyHeaders = {}): Response {
  return reply(c, 200, body, {
    ...headers,
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'private, no-cache',
    dataserviceversion: '2.0;',
  });
}

/** Once a feed has this many versions, no further package is added. */
const MAX_ROWS = 10_000;

/** The rows of a feed, and whether they are all that match. */
interface Found {
  readonly rows: readonly Row[];
  readonly complete: boolean;
}

type Send = (c: FormatContext, title: string, found: Found) => Response;

/** Handles a function of the feed (`Search()`) or a package by key (`Packages(Id='a',Version='1.0')`). */
function answer(c: FormatContext, next: () => Promise<void>, send: Send) {
  const { name, key } = parseCall(c.req.param('call') ?? '') ?? { name: '' };
  requireAtom(c);
  if (name === 'Packages' && key?.size) return answerKey(c, next, key);
  const query = queryOf(c, name);
  if (!query) throw new RegistryError('routeNotFound');
  const [only, ...others] = query.ids ?? [];
  const single = only !== undefined && others.length === 0;
  const options = single ? { name: () => asId(only) } : {};
  return pull(options, async (context, access) => {
    const { rows, complete } = single
      ? { rows: matchingRows(query, await requestedReleases(context, access)), complete: true }
      : await rowsOfMany(context, access, query);
    const sorted = orderBy(rows, parameter(context, '$orderby'), propertyOf, compare);
    return send(context, name, { rows: sorted, complete });
  })(c, next);
}

function answerKey(c: FormatContext, next: () => Promise<void>, key: ODataCall['key']) {
  return pull({ name: () => asId(key.get('Id') ?? '') }, async (context, access) => {
    const version = packageVersion(key.get('Version') ?? '');
    // The catalog is needed because whether a version is the latest depends on all others.
    const rows = rowsOf(await requestedReleases(context, access), true);
    const row = rows.find(({ release }) => release.version === version);
    if (!row) throw new RegistryError('packageNotFound');
    return xml(context, renderEntry(baseOf(context), row), 'application/atom+xml;type=entry');
  })(c, next);
}

/** Sends the package file of an entry, which names this address as its `edit-media`. */
function answerValue(c: FormatContext, next: () => Promise<void>) {
  const { name: set, key } = parseCall(c.req.param('call') ?? '') ?? { name: '' };
  if (set !== 'Packages' || !key?.size) throw new RegistryError('routeNotFound');
  const release = () => ({
    name: packageId(key.get('Id') ?? ''),
    version: packageVersion(key.get('Version') ?? ''),
  });
  const select = () => ({ version: release().version, files: [{ fileName: packageFile(release()) }] });
  return pull({ name: () => release().name, select }, (context, { copy }) => {
    const file = copy?.files.get(packageFile(release()));
    if (!file) throw new RegistryError('packageNotFound');
    return sendFile(context, file);
  })(c, next);
}

function asId(text: string): PackageName {
  return parsePackageId(text) ?? NO_ID;
}

/** The rows of the packages that a search found, read one package at a time to bound memory. */
async function rowsOfMany(c: FormatContext, access: Access, query: Query): Promise<Found> {
  challengeAnonymous(c, access);
  const { hits, complete } = await candidates(c, access, { ...query, readsPackages: true });
  const rows: Row[] = [];
  for (const held of await headsOf(c.env.registry, access.format, hits)) {
    if (rows.length >= MAX_ROWS) return { rows, complete: false };
    for (const row of matchingRows(query, await releasesOfHit(c, held))) rows.push(row);
  }
  return { rows, complete };
}

/** The rows of a package that match the query. */
function matchingRows(query: Query, releases: readonly ReleaseFacts[]): readonly Row[] {
  const rows = rowsOf(releases, query.semVer2).filter(query.passes);
  return query.narrow?.(rows) ?? rows;
}

function sendFeed(c: FormatContext, title: string, { rows, complete }: Found): Response {
  const base = baseOf(c);
  const count = parameter(c, '$inlinecount') === 'allpages' ? rows.length : undefined;
  return xml(
    c,
    renderFeed(base, { title, count, ...paged(c, `${base}/v2/${title}()`, rows) }),
    'application/atom+xml;type=feed',
    searchCompleteness({ complete }),
  );
}

function sendCount(c: FormatContext, _title: string, { rows, complete }: Found): Response {
  return reply(c, 200, String(rows.length), {
    'content-type': 'text/plain',
    'cache-control': 'private, no-cache',
    ...searchCompleteness({ complete }),
  });
}
