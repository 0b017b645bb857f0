import type { Registry } from '../context.ts';
import { readableVersions } from '../packages/read-metadata.ts';
import type { IndexKind } from './document-kind.ts';
import type { PackageContents } from './package-contents.ts';
import type { Needs, Source } from './source.ts';

/** Reads the contents of each source for an index. Leaves out versions with unreadable metadata. */
export async function readSources<M>(
  registry: Pick<Registry, 'log'>,
  sources: readonly Source[],
  { metadata, files, listed = false }: Pick<IndexKind<M>, 'metadata' | 'files' | 'listed'>,
  versions: Needs['versions'],
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
