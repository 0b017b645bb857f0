import type { Registry } from '../context.ts';
import { hasFiles } from '../packages/has-files.ts';
import { readableVersions } from '../packages/read-metadata.ts';
import type { IndexKind } from './document-kind.ts';
import { mergeContents } from './merge-contents.ts';
import type { PackageContents } from './package-contents.ts';
import type { Needs, Source } from './source.ts';

/** Reads the contents of each source for an index. */
export function readSources<M>(
  sources: readonly Source[],
  { files, subpackages = false }: Pick<IndexKind<M>, 'files' | 'subpackages'>,
  versions: Needs['versions'],
): Promise<PackageContents<M>[]> {
  return Promise.all(sources.map((source) => source.read<M>({ versions, files, subpackages, tags: true })));
}

/**
 * Merges what was read from one or more sources. Then leaves out versions with unreadable metadata, rather than
 * before: downloads take no look at metadata, and no other copy may take the place of theirs.
 */
export async function togetherOf<M>(
  registry: Pick<Registry, 'table' | 'log'>,
  all: readonly PackageContents<M>[],
  { metadata }: Pick<IndexKind<M>, 'metadata'>,
): Promise<PackageContents<M>> {
  const [only, ...others] = all;
  const contents =
    only && others.length === 0 ? only : await mergeContents(all, (version) => hasFiles(registry, version));
  if (!metadata) return contents;
  return { ...contents, versions: readableVersions(registry, contents.versions, metadata) };
}
