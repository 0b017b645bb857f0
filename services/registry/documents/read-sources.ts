import type { Registry } from '../context.ts';
import { readableVersions } from '../packages/read-metadata.ts';
import type { IndexKind } from './document-kind.ts';
import type { PackageContents } from './package-contents.ts';
import type { Source } from './source.ts';

/** What each source holds of what an index is made from. Versions whose metadata can't be read are left out. */
export async function readSources<M>(
  registry: Pick<Registry, 'log'>,
  sources: readonly Source[],
  { metadata, files, listed = false }: Pick<IndexKind<M>, 'metadata' | 'files' | 'listed'>,
  versions: 'all' | readonly string[],
): Promise<PackageContents<M>[]> {
  const all = await Promise.all(
    sources.map((source) => source.read<M>({ versions, files, listed, tags: true })),
  );
  if (!metadata) return all;
  return all.map((contents) => ({
    ...contents,
    versions: readableVersions(registry, contents.versions, metadata),
  }));
}
