import type { PackageHead, PackageRef, Tag, Version } from '../../../domain/packages.ts';
import { type FormatContext, pull } from '../../../http/access/guard.ts';
import type { Scope } from '../../../http/access/scope.ts';
import { queryNumber, searchScope } from '../../../http/access/search-scope.ts';
import { replyJson } from '../../../http/answer/reply.ts';
import type { FormatRoutes } from '../../../http/format/format.ts';
import type { Registry } from '../../../registry/context.ts';
import { packageDocument } from '../../../registry/documents/package-document.ts';
import { maybeEntity } from '../../../registry/records/entities.ts';
import { keys } from '../../../registry/records/keys.ts';
import { readMany } from '../../../registry/records/read-many.ts';
import type { SearchHit } from '../../../registry/search/search-packages.ts';
import type { Manifest, Metadata } from '../schema.ts';
import { distTags, isInstallable } from './packument.ts';

/** The most results of one page; npm asks for 20. */
const MAX_SIZE = 250;

/** `npm search`: by the words of a name, at every level. */
export function searchRoutes(app: FormatRoutes): void {
  app.get('/-/v1/search', pull({}, search));
}

async function search(c: FormatContext, scope: Scope): Promise<Response> {
  const { registry } = c.env;
  const hits = await searchScope(c, scope, c.req.query('text') ?? '');
  const size = queryNumber(c, 'size', 20, MAX_SIZE);
  const from = queryNumber(c, 'from', 0, Number.MAX_SAFE_INTEGER);
  const latest = await latestOf(registry, hits.slice(from, from + size));
  return replyJson(
    c,
    200,
    {
      objects: latest.map(resultOf),
      total: hits.length,
      time: new Date(registry.clock.now()).toISOString(),
    },
    { 'cache-control': 'private, no-cache' },
  );
}

/** The latest version of each hit, in two round trips where the package has a `latest` tag. */
async function latestOf(registry: Registry, hits: readonly SearchHit[]): Promise<Version<Metadata>[]> {
  const refs = hits.map(({ project, name }): PackageRef => ({ projectId: project.id, format: 'npm', name }));
  const tags = await readMany(
    registry.table,
    refs.map((ref) => keys.tag(ref, 'latest')),
  );
  const named = await Promise.all(
    refs.map(
      async (ref, index) => maybeEntity<Tag>(tags[index])?.version ?? (await highestOf(registry, ref)),
    ),
  );
  const wanted = refs.flatMap((ref, index) => {
    const version = named[index];
    return version === undefined ? [] : [keys.version(ref, version)];
  });
  const versions = await readMany(registry.table, wanted);
  return versions.flatMap((item) => {
    const version = maybeEntity<Version<Metadata>>(item);
    return version && isInstallable(version) ? [version] : [];
  });
}

async function highestOf(registry: Registry, ref: PackageRef): Promise<string | undefined> {
  const head = maybeEntity<PackageHead>(await registry.table.get(keys.head(ref)));
  if (!head) return undefined;
  const { identity } = await packageDocument(registry, [head], distTags, '');
  if (identity.byteLength === 0) return undefined;
  return (JSON.parse(Buffer.from(identity).toString()) as { readonly latest?: string }).latest;
}

function resultOf({ name, version, createdAt, metadata }: Version<Metadata>): object {
  const manifest = JSON.parse(metadata.manifest) as Manifest;
  const date = new Date(createdAt).toISOString();
  const publisher = { username: metadata.publisher, email: '' };
  const scope = /^@(?<scope>[^/]+)\//.exec(name)?.groups?.scope;
  return {
    package: {
      name,
      scope: scope ?? 'unscoped',
      version,
      description: textOf(manifest.description),
      keywords: listOf(manifest.keywords),
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

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
