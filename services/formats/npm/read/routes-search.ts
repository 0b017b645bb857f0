import { parseTagName, required, type VersionName } from '../../../domain/names.ts';
import type { Version } from '../../../domain/packages.ts';
import { type FormatContext, pull } from '../../../http/access/guard.ts';
import { replyJson } from '../../../http/answer/reply.ts';
import { searchCompleteness } from '../../../http/answer/search-completeness.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import { queryNumber } from '../../../http/format/query-number.ts';
import type { Access } from '../../../registry/access/open-access.ts';
import type { Registry } from '../../../registry/context.ts';
import { documentText } from '../../../registry/documents/document-cache.ts';
import { packageDocument } from '../../../registry/documents/package-document.ts';
import { sourcesOf } from '../../../registry/documents/source.ts';
import type { HeldPackage } from '../../../registry/packages/held-package.ts';
import type { SearchHit } from '../../../registry/search/search-packages.ts';
import { shownVersions } from '../../../registry/search/shown-versions.ts';
import { searchVisible } from '../../../registry/search/visible-packages.ts';
import type { Search } from '../../../shared/text/search-terms.ts';
import { scopeOf } from '../names.ts';
import { type Manifest, type Metadata, metadata } from '../schema.ts';
import { distTags } from './packument.ts';
import { keywordsOf, type Latest, parseSearchText } from './search-text.ts';

/** The most results per page; npm requests 20. */
const MAX_SIZE = 250;

/** The most packages that are read to tell whether they meet conditions, and how many at once. */
const MAX_READ = 1000;
const READ_AT_ONCE = 50;

const LATEST = required('tag', parseTagName('latest'));

/** `npm search`: finds packages by the words of their names and by qualifiers, at every level. */
export function searchRoutes(app: FormatRoutes): void {
  app.get('/-/v1/search', pull({}, search));
}

async function search(c: FormatContext, access: Access): Promise<Response> {
  const { registry } = c.env;
  const text = parseSearchText(c.req.query('text') ?? '');
  const most = text.conditions.length > 0 ? MAX_READ : undefined;
  const { hits, complete } = await searchVisible(registry, access, text.words.join(' '), most);
  const size = queryNumber(c, 'size', 20, MAX_SIZE);
  const from = queryNumber(c, 'from', 0, Number.MAX_SAFE_INTEGER);
  const { total, page } = await pageOf(c.env, hits, text, { from, size });
  return replyJson(
    c,
    200,
    { objects: page.map(resultOf), total, time: new Date(registry.clock.now()).toISOString() },
    { 'cache-control': 'private, no-cache', ...searchCompleteness({ complete }) },
  );
}

/** The requested page of the hits whose latest version meets all conditions, and how many there are. */
async function pageOf(
  env: FormatContext['env'],
  hits: readonly SearchHit[],
  { conditions }: Search<Latest>,
  { from, size }: { readonly from: number; readonly size: number },
): Promise<{ readonly total: number; readonly page: readonly Latest[] }> {
  if (conditions.length === 0) {
    const some = hits.slice(from, from + size);
    const page = (await latestOf(env, some)).map(withManifest);
    return { total: hits.length - (some.length - page.length), page };
  }
  const page: Latest[] = [];
  let total = 0;
  for (let start = 0; start < hits.length; start += READ_AT_ONCE) {
    const some = hits.slice(start, start + READ_AT_ONCE);
    for (const latest of (await latestOf(env, some)).map(withManifest)) {
      if (!conditions.every((isMet) => isMet(latest))) continue;
      if (total >= from && page.length < size) page.push(latest);
      total++;
    }
  }
  return { total, page };
}

function withManifest(version: Version<Metadata>): Latest {
  return { version, manifest: JSON.parse(version.metadata.manifest) as Manifest };
}

/** The latest version of each hit; hits without any are left out. */
function latestOf(
  { registry, format }: FormatContext['env'],
  hits: readonly SearchHit[],
): Promise<Version<Metadata>[]> {
  const choose = (held: HeldPackage) => highestOf(registry, held);
  return shownVersions(registry, hits, { format, metadata, tag: LATEST, choose });
}

/** The latest version of a package as its packument says. */
async function highestOf(registry: Registry, held: HeldPackage): Promise<VersionName | undefined> {
  const sources = sourcesOf(registry, held);
  const document = sources && (await packageDocument(registry, sources, distTags, ''));
  if (!document || document.length === 0) return undefined;
  return (JSON.parse(await documentText(document)) as { readonly latest?: VersionName }).latest;
}

function resultOf({ version: { name, version, createdAt, metadata }, manifest }: Latest): object {
  const date = new Date(createdAt).toISOString();
  const publisher = { username: metadata.publisher, email: '' };
  return {
    package: {
      name,
      scope: scopeOf(name) ?? 'unscoped',
      version,
      description: textOf(manifest.description),
      keywords: keywordsOf(manifest),
      date,
      links: linksOf(manifest),
      publisher,
      maintainers: [publisher],
    },
    score: { final: 1, detail: { quality: 1, popularity: 1, maintenance: 1 } },
    searchScore: 1,
    updated: date,
  };
}

function linksOf(manifest: Manifest): object {
  const repository = manifest.repository as { readonly url?: unknown } | string | undefined;
  const url = typeof repository === 'string' ? repository : repository?.url;
  return {
    ...(typeof manifest.homepage === 'string' && { homepage: manifest.homepage }),
    ...(typeof url === 'string' && { repository: url }),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
