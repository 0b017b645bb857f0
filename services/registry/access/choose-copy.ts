import type { PackageFile, Version } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { hasFiles } from '../packages/has-files.ts';
import { byPrecedence, firstWithFiles } from '../packages/precedence.ts';
import type { Holding, Selection } from './holdings.ts';
import type { Access } from './open-access.ts';

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
 * indexes. Undefined if there is no copy, or if that one is withheld from the caller: no other takes its place. One round
 * trip if several projects hold the version and no selected file tells that the first copy has files.
 */
export async function chooseCopy<M>(
  registry: Pick<Registry, 'table'>,
  { holdings, withheld, selection }: Pick<Access<M>, 'holdings' | 'withheld' | 'selection'>,
): Promise<Copy<M> | undefined> {
  const hidden = new Set(withheld);
  const copies = byPrecedence([...holdings, ...withheld].flatMap((holding) => copyIn(holding, selection)));
  const chosen =
    copies.length < 2
      ? undefined
      : await firstWithFiles(copies, ({ files, version }) => files.size > 0 || hasFiles(registry, version));
  const copy = chosen ?? copies[0];
  return copy && hidden.has(copy.holding) ? undefined : copy;
}

function copyIn<M>(holding: Holding<M>, { files: selected = [], sha256 }: Selection): Copy<M>[] {
  const { version, files } = holding;
  if (!version) return [];
  const first = files.get(selected[0]?.fileName ?? '');
  const hasOtherBytes = sha256 !== undefined && first?.digests.sha256 !== sha256;
  return [{ holding, version, files: hasOtherBytes ? new Map() : files }];
}
