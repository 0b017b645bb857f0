import type { MetadataType } from '../../domain/metadata.ts';
import type { Registry } from '../context.ts';
import { hasFiles } from '../packages/has-files.ts';
import { readableSubpackages, readableVersions } from '../packages/read-metadata.ts';
import type { IndexKind } from './document-kind.ts';
import { mergeContents } from './merge-contents.ts';
import type { PackageContents } from './package-contents.ts';
import type { Needs, Source } from './source.ts';

/** Reads the contents of each source for an index. */
export function readSources<M>(
  sources: readonly Source[],
  { files, subpackages }: Pick<IndexKind<M>, 'files' | 'subpackages'>,
  versions: Needs['versions'],
): Promise<PackageContents<M>[]> {
  const needs = { versions, files, subpackages: subpackages !== undefined, tags: true };
  return Promise.all(sources.map((source) => source.read<M>(needs)));
}

/**
 * Merges what was read from one or more sources, without subpackages whose metadata is unreadable. Then leaves out
 * versions with unreadable metadata, rather than before: downloads take no look at metadata, and no other copy may
 * take the place of theirs.
 */
export async function togetherOf<M>(
  registry: Pick<Registry, 'table' | 'log'>,
  all: readonly PackageContents<M>[],
  { metadata, subpackages }: Pick<IndexKind<M>, 'metadata' | 'subpackages'>,
): Promise<PackageContents<M>> {
  const readable = subpackages ? all.map((each) => withReadable(registry, each, subpackages)) : all;
  const [only, ...others] = readable;
  const contents =
    only && others.length === 0
      ? only
      : await mergeContents(readable, (version) => hasFiles(registry, version));
  if (!metadata) return contents;
  return { ...contents, versions: readableVersions(registry, contents.versions, metadata) };
}

function withReadable<M>(
  registry: Pick<Registry, 'log'>,
  contents: PackageContents<M>,
  type: MetadataType,
): PackageContents<M> {
  const { head, subpackages = [] } = contents;
  return { ...contents, subpackages: readableSubpackages(registry, head, subpackages, type) };
}
