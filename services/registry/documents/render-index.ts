/** Renders an index as a whole, as served for small packages. Segments must give the same text. */
import { isListed, isServed, type Version } from '../../domain/packages.ts';
import { type Facts, FRAGMENTS, type Fragment, type FrameContents, type IndexKind } from './document-kind.ts';
import type { PackageContents } from './package-contents.ts';

/** Renders each version of an index, in order. */
export function fragmentsOf<M, F extends Facts>(
  kind: IndexKind<M, F>,
  { versions, files }: Pick<PackageContents<M>, 'versions' | 'files'>,
): Fragment<F>[] {
  const shown = kind.versions === 'listed' ? isListed : isServed;
  const filesOf = Map.groupBy(kind.files ? files : [], ({ versionId }) => versionId);
  const fragments = versions.filter(shown).flatMap((version) => {
    const fragment = kind.fragment(version, filesOf.get(version.id) ?? []);
    // Changes are found in the index by the stored version.
    if (fragment && fragment.facts.version !== version.version) {
      throw new TypeError(`${kind.kind} gives ${version.version} the name ${fragment.facts.version}`);
    }
    return fragment ? [fragment] : [];
  });
  return inOrder(kind, fragments);
}

function inOrder<F extends Facts>({ order }: Pick<IndexKind, 'order'>, fragments: readonly Fragment<F>[]) {
  return fragments
    .map((fragment) => ({ fragment, key: order.parse(fragment.facts.version) }))
    .sort(
      (a, b) =>
        order.compare(a.key, b.key) || compareTexts(a.fragment.facts.version, b.fragment.facts.version),
    )
    .map(({ fragment }) => fragment);
}

/** Compares texts by UTF-16 code units. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Returns how many of the lowest versions to leave out, so that the texts of the others fit in `maxLength`. */
export function leftOut(lengths: readonly number[], maxLength = Number.POSITIVE_INFINITY): number {
  let total = 0;
  for (let index = lengths.length - 1; index >= 0; index--) {
    total += lengths[index] ?? 0;
    if (total > maxLength) return index + 1;
  }
  return 0;
}

/** Returns the input of a frame, apart from the featured version. */
export function frameContents<M, F extends Facts>(
  { head, tags, subpackages = [] }: Omit<PackageContents<M>, 'versions' | 'files'>,
  versions: readonly F[],
): FrameContents<M, F> {
  return { head, tags, subpackages, versions };
}

/** Renders an index. `readmeOf` returns the readme of the featured version. */
export async function renderIndex<M, F extends Facts>(
  kind: IndexKind<M, F>,
  contents: PackageContents<M>,
  readmeOf: (version: Version<M>) => Promise<string | undefined> = async () => contents.readme,
): Promise<string> {
  const fragments = fragmentsOf(kind, contents);
  const around = frameContents<M, F>(
    contents,
    fragments.map(({ facts }) => facts),
  );
  const name = kind.featured?.(around);
  const featured = name === undefined ? undefined : contents.versions.find(({ version }) => version === name);
  const readme = featured && (await readmeOf(featured));
  const parts = kind.frame({
    ...around,
    ...(featured && { featured }),
    ...(readme !== undefined && { readme }),
  });
  const texts = fragments.map(({ text }) => text);
  const kept = texts.slice(
    leftOut(
      texts.map(({ length }) => length),
      kind.maxLength,
    ),
  );
  return parts.map((part) => (part === FRAGMENTS ? kept.join(kind.separator) : part)).join('');
}
