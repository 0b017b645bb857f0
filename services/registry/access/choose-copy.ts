import type { PackageFile, Version } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { hasFiles } from '../packages/has-files.ts';
import { byPrecedence, firstWithFiles } from '../packages/precedence.ts';
import type { Holding, Selection } from './holdings.ts';

/** One project's copy of a version. */
export interface Copy<M = unknown> {
  readonly holding: Holding<M>;
  readonly version: Version<M>;
  /** The selected files that the copy has, by name. */
  readonly files: ReadonlyMap<string, PackageFile>;
}

/**
 * Chooses the copy of the selected version to serve when several projects hold it: the one that was published
 * first, with its own files only. A copy without any file does not count, unless no copy has one, as in merged
 * indexes. Undefined if there is no copy. One round trip if several projects hold the version and no selected file
 * tells that the first copy has files.
 */
export async function chooseCopy<M>(
  registry: Pick<Registry, 'table'>,
  holdings: readonly Holding<M>[],
  selection: Selection,
): Promise<Copy<M> | undefined> {
  const copies = byPrecedence(holdings.flatMap((holding) => copyIn(holding, selection)));
  if (copies.length < 2) return copies[0];
  const chosen = await firstWithFiles(
    copies,
    ({ files, version }) => files.size > 0 || hasFiles(registry, version),
  );
  return chosen ?? copies[0];
}

function copyIn<M>(holding: Holding<M>, { files: selected = [], sha256 }: Selection): Copy<M>[] {
  const { version, files } = holding;
  if (!version) return [];
  const first = files.get(selected[0]?.fileName ?? '');
  const hasOtherBytes = sha256 !== undefined && first?.digests.sha256 !== sha256;
  return [{ holding, version, files: hasOtherBytes ? new Map() : files }];
}
