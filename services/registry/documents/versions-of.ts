import type { Version } from '../../domain/packages.ts';
import type { Holding } from '../access/holdings.ts';
import type { Registry } from '../context.ts';
import { readVersions } from '../packages/read-versions.ts';
import { mergeContents } from './merge-contents.ts';

/**
 * Some versions of a package that one or more projects hold, read by their keys and merged as an index merges them.
 * Versions that are missing or not served are left out. One round trip.
 */
export async function versionsOf<M>(
  registry: Pick<Registry, 'table'>,
  holdings: readonly Pick<Holding, 'head'>[],
  versions: readonly string[],
): Promise<readonly Version<M>[]> {
  const heads = holdings.flatMap(({ head }) => head ?? []);
  const refs = heads.flatMap((head) => versions.map((version) => ({ ...head, version })));
  const found = (await readVersions<M>(registry, refs)).filter((version) => version !== undefined);
  const contents = heads.map((head) => ({
    head,
    versions: found.filter(({ projectId }) => projectId === head.projectId),
    tags: [],
    files: [],
  }));
  return contents.length === 0 ? [] : mergeContents(contents).versions;
}
