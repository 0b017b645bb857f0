import type { Sha256 } from '../../../domain/digests.ts';
import type { Registry } from '../../context.ts';
import { type BlobRecord, maybeEntity } from '../../records/entities.ts';
import { keys } from '../../records/keys.ts';
import { readMany } from '../../records/read-many.ts';
import { walkFiles } from './walk-files.ts';

/** How many files say that their bytes have this digest and lie under this storage key, by `useId`. */
export type UseCounts = Map<string, number>;

/** The name of a use: what a file says of its bytes. */
export function useId(sha256: Sha256, storageKey: string): string {
  return `${sha256} ${storageKey}`;
}

/** The parts of a `useId`. */
export function useParts(id: string): { readonly sha256: Sha256; readonly storageKey: string } {
  const [sha256 = '', storageKey = ''] = id.split(' ');
  return { sha256: sha256 as Sha256, storageKey };
}

/** Counts what every file refers to. Takes about 200 bytes of memory for each blob. */
export async function countUses(registry: Registry, onFile: () => void): Promise<UseCounts> {
  const counts: UseCounts = new Map();
  for await (const { file } of walkFiles(registry)) {
    const id = useId(file.digests.sha256, file.storageKey);
    counts.set(id, (counts.get(id) ?? 0) + 1);
    onFile();
  }
  return counts;
}

/** How many users of a blob are named. */
const NAMED = 5;

/** The files that refer to a blob: how often each storage key is named, and some of their names. */
export interface Uses {
  readonly count: number;
  readonly places: ReadonlyMap<string, number>;
  readonly files: readonly string[];
}

/** A blob that was looked at once more. */
export interface SecondLook {
  /** The record, or undefined when there is none. */
  readonly record: BlobRecord | undefined;
  readonly uses: Uses;
  /** Whether the record stood still while its users were counted; if not, its count says nothing. */
  readonly still: boolean;
}

/** Looks once more at some blobs: their records by key, before and after all files were gone through again. */
export async function lookAgain(
  registry: Registry,
  digests: ReadonlySet<Sha256>,
): Promise<ReadonlyMap<Sha256, SecondLook>> {
  const all = [...digests];
  const before = await recordsOf(registry, all);
  const uses = await usesOf(registry, digests);
  const after = await recordsOf(registry, all);
  return new Map(
    all.map((sha256, index) => {
      const [first, record] = [before[index], after[index]];
      const still = first?.refs === record?.refs && first?.storageKey === record?.storageKey;
      return [sha256, { record, still, uses: uses.get(sha256) ?? unused }];
    }),
  );
}

const unused: Uses = { count: 0, places: new Map(), files: [] };

async function recordsOf(
  registry: Registry,
  digests: readonly Sha256[],
): Promise<(BlobRecord | undefined)[]> {
  const items = await readMany(registry.table, digests.map(keys.blob));
  return items.map((item) => maybeEntity<BlobRecord>(item));
}

/** Uses while they are counted. */
interface CountedUses extends Uses {
  count: number;
  readonly places: Map<string, number>;
  readonly files: string[];
}

async function usesOf(registry: Registry, digests: ReadonlySet<Sha256>): Promise<Map<Sha256, Uses>> {
  const uses = new Map<Sha256, CountedUses>();
  for await (const { file, ref, projectPath } of walkFiles(registry)) {
    const { sha256 } = file.digests;
    if (!digests.has(sha256)) continue;
    const use: CountedUses = uses.get(sha256) ?? { count: 0, places: new Map(), files: [] };
    uses.set(sha256, use);
    use.count++;
    use.places.set(file.storageKey, (use.places.get(file.storageKey) ?? 0) + 1);
    if (use.files.length < NAMED) {
      use.files.push(`${projectPath}: ${ref.format} ${ref.name} ${file.version} ${file.fileName}`);
    }
  }
  return uses;
}
