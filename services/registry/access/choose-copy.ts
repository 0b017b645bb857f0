import type { FormatRules } from '../../domain/format-rules.ts';
import type { PackageFile, Version } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { hasFiles } from '../packages/has-files.ts';
import { byPrecedence } from '../packages/precedence.ts';
import type { Holding, Selection } from './holdings.ts';

/** One project's copy of a version. */
export interface Copy<M = unknown> {
  readonly holding: Holding<M>;
  readonly version: Version<M>;
  /** The selected files that the copy has, by name. */
  readonly files: ReadonlyMap<string, PackageFile>;
}

/** Chooses among copies sorted by `byPrecedence`; undefined if none has everything that is selected. */
type Choose = <M>(
  registry: Pick<Registry, 'table'>,
  copies: readonly Copy<M>[],
  selection: Selection,
) => Choice<M>;
type Choice<M> = Promise<Copy<M> | undefined> | Copy<M> | undefined;

const rules: Readonly<Record<FormatRules['precedence'], Choose>> = {
  'first-copy': firstWithFiles,
  'first-file': (_, copies, selection) => complete(copies, selection)[0],
  'newest-file': (_, copies, selection) => complete(copies, selection).sort(newestFirst(selection))[0],
};

/**
 * Chooses the copy of the selected version to serve when several projects hold it, by the precedence of the format
 * (`FormatRules`). Falls back to the first copy if none has the selected files; undefined if there is no copy.
 */
export async function chooseCopy<M>(
  registry: Pick<Registry, 'table'>,
  { precedence }: Pick<FormatRules, 'precedence'>,
  holdings: readonly Holding<M>[],
  selection: Selection,
): Promise<Copy<M> | undefined> {
  const copies = byPrecedence(holdings.flatMap((holding) => copyIn(holding, selection)));
  return (await rules[precedence](registry, copies, selection)) ?? copies[0];
}

function copyIn<M>(holding: Holding<M>, { files: selected = [], sha256 }: Selection): Copy<M>[] {
  const { version, files } = holding;
  if (!version) return [];
  const first = files.get(selected[0]?.fileName ?? '');
  const hasOtherBytes = sha256 !== undefined && first?.digests.sha256 !== sha256;
  return [{ holding, version, files: hasOtherBytes ? new Map() : files }];
}

function complete<M>(copies: readonly Copy<M>[], { files = [] }: Selection): Copy<M>[] {
  return copies.filter((copy) => files.every(({ fileName }) => copy.files.has(fileName)));
}

function newestFirst({ files: [selected] = [] }: Selection) {
  const time = ({ files }: Copy) => files.get(selected?.fileName ?? '')?.createdAt ?? 0;
  return (a: Copy, b: Copy) => time(b) - time(a);
}

/**
 * The first copy that has files, if files are selected: the files of a version can all be removed one by one,
 * and a version without files must not shadow another project's copy.
 */
async function firstWithFiles<M>(
  registry: Pick<Registry, 'table'>,
  copies: readonly Copy<M>[],
  selection: Selection,
): Promise<Copy<M> | undefined> {
  if (selection.files === undefined || copies.length < 2) return copies[0];
  for (const copy of copies) {
    const { files, version } = copy;
    if (files.size > 0 || (await hasFiles(registry, version))) return copy;
  }
  return undefined;
}
