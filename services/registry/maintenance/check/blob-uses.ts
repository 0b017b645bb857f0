import type { Sha256 } from '../../../domain/digests.ts';
import type { Registry } from '../../context.ts';
import { type BlobRecord, maybeEntity } from '../../records/entities.ts';
import { keys } from '../../records/keys.ts';
import { readMany } from '../../records/read-many.ts';
import { type FoundFile, walkFiles } from './walk-files.ts';

/** The number of files that refer to a digest and storage key, by `useId`. */
export type UseCounts = Map<string, number>;

/** Returns the id of a use: the digest and storage key in a file's record. */
export function useId(sha256: Sha256, storageKey: string): string {
  return `${sha256} ${storageKey}`;
}

/** Splits a `useId` into its parts. */
export function useParts(id: string): { readonly sha256: Sha256; readonly storageKey: string } {
  const [sha256 = '', storageKey = ''] = id.split(' ');
  return { sha256: sha256 as Sha256, storageKey };
}

/**
 * Counts the references of all files, and calls `onFile` with each. Takes about 200 bytes of memory per blob.
 */
export async function countUses(registry: Registry, onFile: (found: FoundFile) => void): Promise<UseCounts> {
  const counts: UseCounts = new Map();
  for await (const found of walkFiles(registry)) {
    const { file } = found;
    const id = useId(file.digests.sha256, file.storageKey);
    counts.set(id, (counts.get(id) ?? 0) + 1);
    onFile(found);
  }
  return counts;
}

/** The most files to name per blob. */
const NAMED = 5;

/** The files that refer to a blob: their number, in all and by storage key, and some of their names. */
export interface Uses {
  readonly count: number;
  readonly byKey: ReadonlyMap<string, number>;
  readonly files: readonly string[];
}

/** The result of checking a blob a second time. */
export interface Recheck {
  /** The record; undefined if absent. */
  readonly record: BlobRecord | undefined;
  readonly uses: Uses;
  /** Whether the record stayed the same while its uses were counted; if not, the counts can't be compared. */
  readonly unchanged: boolean;
}

/** Checks some blobs again: reads their records by key, before and after a second walk through all files. */
export async function recheck(
  registry: Registry,
  digests: ReadonlySet<Sha256>,
): Promise<ReadonlyMap<Sha256, Recheck>> {
  const all = [...digests];
  const before = await recordsOf(registry, all);
  const uses = await usesOf(registry, digests);
  const after = await recordsOf(registry, all);
  return new Map(
    all.map((sha256, index) => {
      const [first, record] = [before[index], after[index]];
      const unchanged = first?.refs === record?.refs && first?.storageKey === record?.storageKey;
      return [sha256, { record, unchanged, uses: uses.get(sha256) ?? unused }];
    }),
  );
}

const unused: Uses = { count: 0, byKey: new Map(), files: [] };

async function recordsOf(
  registry: Registry,
  digests: readonly Sha256[],
): Promise<(BlobRecord | undefined)[]> {
  const items = await readMany(registry.table, digests.map(keys.blob));
  return items.map((item) => maybeEntity<BlobRecord>(item));
}

/** Uses being counted. */
interface CountedUses extends Uses {
  count: number;
  readonly byKey: Map<string, number>;
  readonly files: string[];
}

async function usesOf(registry: Registry, digests: ReadonlySet<Sha256>): Promise<Map<Sha256, Uses>> {
  const uses = new Map<Sha256, CountedUses>();
  for await (const { file, ref, projectPath } of walkFiles(registry)) {
    const { sha256 } = file.digests;
    if (!digests.has(sha256)) continue;
    const use: CountedUses = uses.get(sha256) ?? { count: 0, byKey: new Map(), files: [] };
    uses.set(sha256, use);
    use.count++;
    use.byKey.set(file.storageKey, (use.byKey.get(file.storageKey) ?? 0) + 1);
    if (use.files.length < NAMED) {
      use.files.push(`${projectPath}: ${ref.format} ${ref.name} ${file.version} ${file.fileName}`);
    }
  }
  return uses;
}
