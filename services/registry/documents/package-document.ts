import type { Registry } from '../context.ts';
import { type Document, wholeDocument } from './document-cache.ts';
import { BASE, type IndexKind, type VersionIndexKind } from './document-kind.ts';
import { assembled } from './large-document.ts';
import { readSources, togetherOf } from './read-sources.ts';
import { renderIndex } from './render-index.ts';
import { type SegmentedIndex, segmentedIndex } from './segmented-index.ts';
import { revisionsOf, type Source, type Sources, sourceList } from './source.ts';
import { readDocument, storeDocument } from './stored-documents.ts';
import { readVersionContents } from './version-contents.ts';

/** Indexes of packages with at most this many versions, over all sources, are rendered as a whole. */
export const FEW_VERSIONS = 200;

/** The cache key of an index's segments ends with this; those of its documents end with their address. */
const SEGMENTS = '\nsegments';

/**
 * Returns the index of a package in one or more sources, for the address `base`. It is rendered once for the
 * revisions of its sources, and kept in the table and in memory. If memory has the revisions in the heads, nothing
 * else is read.
 */
export async function packageDocument<M>(
  registry: Registry,
  sources: Sources,
  kind: IndexKind<M>,
  base: string,
): Promise<Document> {
  const revision = revisionOf(sources);
  const versions = sources.reduce((sum, { head }) => sum + head.versionCount, 0);
  return registry.documents.get<Document>(keyOf(sources, kind, base), revision, async (before) => {
    if (versions > FEW_VERSIONS) {
      const index = await registry.documents.get<SegmentedIndex>(
        keyOf(sources, kind, SEGMENTS),
        revision,
        (cached) => segmentedIndex(registry, sources, kind, cached),
      );
      return assembled(index, kind, base, before);
    }
    const text = await wholeText(registry, sources, kind, revision);
    return wholeDocument(revision, Buffer.from(text.replaceAll(BASE, () => base)));
  });
}

/** Returns the cache key of a document. */
function keyOf(sources: Sources, { kind }: { readonly kind: string }, of: string): string {
  const [{ head }] = sources;
  return [kind, head.format, head.name, sourceList(sources), of].join('\n');
}

function revisionOf(sources: Sources): string {
  return revisionsOf(sources.map(({ id, head }) => ({ id, revision: head.revision })));
}

async function wholeText<M>(
  registry: Registry,
  sources: Sources,
  kind: IndexKind<M>,
  revision: string,
): Promise<string> {
  const stored = await readDocument(registry.table, sources, kind.kind, revision);
  if (stored !== undefined) return stored;
  const contents = await togetherOf(registry, await readSources(sources, kind, 'all'), kind);
  const text = await renderIndex(kind, contents, async ({ projectId, version }) =>
    sources.find(({ head }) => head.projectId === projectId)?.readme(version),
  );
  await storeDocument(registry, sources, kind.kind, { revision, text });
  return text;
}

/** Returns the index of one version in one source. It is cached in memory only. */
export async function versionDocument<M>(
  registry: Registry,
  source: Source,
  kind: VersionIndexKind<M>,
  base: string,
): Promise<Document> {
  const revision = revisionOf([source]);
  return registry.documents.get<Document>(keyOf([source], kind, base), revision, async () => {
    const contents = await readVersionContents<M>(registry.table, source.head, kind.version);
    return wholeDocument(revision, Buffer.from(kind.render(contents).replaceAll(BASE, () => base)));
  });
}
