import type { MetadataType } from '../../domain/metadata.ts';
import type { VersionName } from '../../domain/names.ts';
import type { Version } from '../../domain/packages.ts';
import type { Holding } from '../access/holdings.ts';
import type { Registry } from '../context.ts';
import { readVersions } from '../packages/read-versions.ts';
import { mergeContents } from './merge-contents.ts';

/**
 * Reads some versions of a package that one or more projects hold, by key, and merges them as an index does.
 * Leaves out versions that are missing, not served or unreadable. One round trip.
 */
export async function versionsOf<M>(
  registry: Pick<Registry, 'table' | 'log'>,
  holdings: readonly Pick<Holding, 'head'>[],
  versions: readonly VersionName[],
  metadata: MetadataType<M>,
): Promise<readonly Version<M>[]> {
  const heads = holdings.flatMap(({ head }) => head ?? []);
  const refs = heads.flatMap((head) => versions.map((version) => ({ ...head, version })));
  const found = (await readVersions(registry, refs, metadata)).filter((version) => version !== undefined);
  const contents = heads.map((head) => ({
    head,
    versions: found.filter(({ projectId }) => projectId === head.projectId),
    tags: [],
    files: [],
  }));
  return contents.length === 0 ? [] : mergeContents(contents).versions;
}
