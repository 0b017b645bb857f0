import { parseTagName, required, type VersionName } from '../../../domain/names.ts';
import { isListed, type PackageRef, type Version } from '../../../domain/packages.ts';
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
import { versionsOf } from '../../../registry/documents/versions-of.ts';
import type { HeldPackage } from '../../../registry/packages/held-package.ts';
import { readHeads, readTag, readVersions } from '../../../registry/packages/read-versions.ts';
import type { SearchHit } from '../../../registry/search/search-packages.ts';
import { headsOf, searchVisible } from '../../../registry/search/visible-packages.ts';
import { mapConcurrently } from '../../../shared/map-concurrently.ts';
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

/** How many results that several projects hold are looked up concurrently. */
const CONCURRENCY = 25;

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
  const { total, page } = await pageOf(registry, hits, text, { from, size });
  return replyJson(
    c,
    200,
    { objects: page.map(resultOf), total, time: new Date(registry.clock.now()).toISOString() },
    { 'cache-control': 'private, no-cache', ...searchCompleteness({ complete }) },
  );
}

/** The requested page of the hits whose latest version meets all conditions, and how many there are. */
async function pageOf(
  registry: Registry,
  hits: readonly SearchHit[],
  { conditions }: Search<Latest>,
  { from, size }: { readonly from: number; readonly size: number },
): Promise<{ readonly total: number; readonly page: readonly Latest[] }> {
  if (conditions.length === 0) {
    const some = hits.slice(from, from + size);
    const page = (await latestOf(registry, some)).map(withManifest);
    return { total: hits.length - (some.length - page.length), page };
  }
  const page: Latest[] = [];
  let total = 0;
  for (let start = 0; start < hits.length; start += READ_AT_ONCE) {
    const some = hits.slice(start, start + READ_AT_ONCE);
    for (const latest of (await latestOf(registry, some)).map(withManifest)) {
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

/** The latest version of each hit, from the first of its projects that has one; hits without any are left out. */
async function latestOf(registry: Registry, hits: readonly SearchHit[]): Promise<Version<Metadata>[]> {
  const found = new Map<SearchHit, Version<Metadata>>();
  for (let position = 0; ; position++) {
    const open = hits.flatMap((hit) => {
      const project = found.has(hit) ? undefined : hit.projects[position];
      return project ? [{ hit, ref: { projectId: project.id, format: 'npm', name: hit.name } }] : [];
    });
    if (open.length === 0) return servedCopies(registry, hits, found);
    const refs = open.map(({ ref }) => ref);
    for (const [index, version] of (await latestIn(registry, refs)).entries()) {
      const hit = open[index]?.hit;
      if (hit && version) found.set(hit, version);
    }
  }
}

/** The found versions in the order of the hits, each as packuments of the hit's projects have it. */
async function servedCopies(
  registry: Registry,
  hits: readonly SearchHit[],
  found: ReadonlyMap<SearchHit, Version<Metadata>>,
): Promise<Version<Metadata>[]> {
  const versions = hits.flatMap((hit) => {
    const version = found.get(hit);
    return version ? [{ hit, version }] : [];
  });
  const served = await mapConcurrently(versions, CONCURRENCY, ({ hit, version }) =>
    servedCopy(registry, hit, version),
  );
  return served.filter((version) => version !== undefined);
}

/** The version as it is served; the latest one that is, if this one is not. */
async function servedCopy(
  registry: Registry,
  hit: SearchHit,
  version: Version<Metadata>,
): Promise<Version<Metadata> | undefined> {
  if (hit.projects.length + hit.withheld.length < 2) return version;
  const [held] = await headsOf(registry, { id: 'npm' }, [hit]);
  if (!held) return undefined;
  const [served] = await versionsOf(registry, held, [version.version], metadata);
  if (served) return served;
  const latest = await highestOf(registry, held);
  return latest === undefined ? undefined : (await versionsOf(registry, held, [latest], metadata))[0];
}

/** The latest version of each package, in two round trips if all `latest` tags point to listed versions. */
async function latestIn(
  registry: Registry,
  refs: readonly PackageRef[],
): Promise<(Version<Metadata> | undefined)[]> {
  const tagged = await listedVersions(registry, refs, await readTag(registry, refs, LATEST));
  const names = refs.map((ref, index) => (tagged[index] ? undefined : highestIn(registry, ref)));
  const highest = await listedVersions(registry, refs, await Promise.all(names));
  return refs.map((_, index) => tagged[index] ?? highest[index]);
}

/** Reads one version per package, in order; undefined for versions that are not listed. */
async function listedVersions(
  registry: Registry,
  refs: readonly PackageRef[],
  names: readonly (VersionName | undefined)[],
): Promise<(Version<Metadata> | undefined)[]> {
  const versions = await readVersions(
    registry,
    refs.map((ref, index) => ({ ...ref, version: names[index] })),
    metadata,
  );
  return versions.map((version) => (version && isListed(version) ? version : undefined));
}

/** The latest version in a project whose `latest` tag does not point to a listed version. */
async function highestIn(registry: Registry, ref: PackageRef): Promise<VersionName | undefined> {
  const [head] = await readHeads(registry, [ref]);
  return head && highestOf(registry, { heads: [head], withheld: [] });
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
