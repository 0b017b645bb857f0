import type { BlobInfo } from '../../../ports/blob-store.ts';
import { mapConcurrently } from '../../../shared/map-concurrently.ts';
import type { Registry } from '../../context.ts';
import { type BlobRecord, maybeEntity } from '../../records/entities.ts';
import { keys } from '../../records/keys.ts';
import { isOrphaned } from '../collect/sweep-orphans.ts';
import { digestOf } from '../digest-blob.ts';
import { inBatches } from '../merge-by-key.ts';
import {
  type Amount,
  type BlobProblem,
  nothing,
  type Problem,
  plusBlob,
  problemOf,
  unreadable,
} from '../storage-problems.ts';
import { type StoredKey, walkStored } from '../walk-stored.ts';
import { countUses, type Recheck, recheck, type UseCounts, useId, useParts } from './blob-uses.ts';
import { metadataCheck } from './check-metadata.ts';
import { walkEveryPackage } from './walk-files.ts';

/** The outcome of a check: what was checked, and the problems found. */
export interface StorageCheck {
  readonly versions: number;
  readonly files: number;
  readonly records: Amount;
  readonly stored: Amount;
  /** Stored bytes whose digest was computed. */
  readonly verified: Amount;
  /** Stored bytes without a record that are too recent to be judged: uploads may be in progress. */
  readonly recent: Amount;
  readonly problems: readonly Problem[];
  /** False if the check stopped early because it had found too many problems. */
  readonly complete: boolean;
}

/** Options of a check. */
export interface CheckOptions {
  /** Whether to read all bytes and compare their digests. */
  readonly verify: boolean;
  /** How many blobs to read concurrently. */
  readonly concurrency: number;
  /** Stops after this many problems of blobs, and as many of metadata: they have a common cause, and a million would not fit in memory. */
  readonly enough?: number;
  readonly onProgress?: (at: CheckProgress) => void;
}

/** The progress of a check: first versions and files are read, then blobs are checked. */
export interface CheckProgress {
  readonly versions: number;
  readonly files: number;
  /** The number of blobs that files refer to, once it is known. */
  readonly expected: number | undefined;
  readonly seen: Amount;
}

/** How many blobs to check per batch, and the metadata of how many packages. */
const BATCH = 500;
const PACKAGES = 100;

/** The default of `enough`. */
const ENOUGH = 10_000;

/**
 * Checks every record against the store, every file against the records, and the metadata of packages against
 * the metadata types of `registry.formats`. Changes nothing, and may run while the registry is serving: each
 * suspected problem is checked again before it is reported.
 */
export async function checkStorage(registry: Registry, options: CheckOptions): Promise<StorageCheck> {
  const { enough = ENOUGH } = options;
  const metadata = metadataCheck(registry, await registry.formats(), enough);
  const progress = { versions: 0, files: 0 };
  const report = (expected: number | undefined, seen: Amount) =>
    options.onProgress?.({ ...progress, expected, seen });
  for await (const packages of inBatches(walkEveryPackage(registry), PACKAGES)) {
    progress.versions += await metadata.checkPackages(packages, options.concurrency);
    report(undefined, nothing);
  }
  const uses = await countUses(registry, (found) => {
    progress.files++;
    metadata.checkFile(found);
    report(undefined, nothing);
  });
  const expected = uses.size;
  const { tally, suspects, look } = inspection(registry, uses, options, (seen) => report(expected, seen));
  for await (const batch of inBatches(walkStored(registry.table, [registry.blobs]), BATCH)) {
    await mapConcurrently(batch, options.concurrency, look);
    if (suspects.length >= enough) break;
  }
  await mapConcurrently(uses.keys(), options.concurrency, async (id) => {
    if (suspects.length >= enough) return;
    const at = useParts(id);
    const record = maybeEntity<BlobRecord>(await registry.table.get(keys.blob(at.sha256)));
    if (!record) suspects.push(problemOf('no-record', at));
    else if (record.storageKey !== at.storageKey) suspects.push(problemOf('wrong-key', at));
    // The index may lag behind, so check the records that it does not contain yet.
    else await look({ key: at.storageKey, record, stored: [await registry.blobs.head(at.storageKey)] });
  });
  const complete = suspects.length < enough && metadata.complete();
  const problems = [...(await confirmed(registry, suspects)), ...(await metadata.confirmed())];
  return { ...progress, ...tally, problems, complete };
}

/** Inspects blobs, and collects counts and suspected problems. */
function inspection(
  registry: Registry,
  uses: UseCounts,
  options: CheckOptions,
  onLook: (seen: Amount) => void,
) {
  const tally = { records: nothing, stored: nothing, verified: nothing, recent: nothing };
  const suspects: BlobProblem[] = [];
  const youngest = registry.clock.now() - registry.settings.blobGrace;

  async function inspectRecord(record: BlobRecord, info: BlobInfo | undefined): Promise<void> {
    tally.records = plusBlob(tally.records, record.size);
    suspects.push(...recordSuspects(record, info, uses));
    if (!options.verify || info?.size !== record.size) return;
    suspects.push(...(await digestSuspects(registry, record)));
    tally.verified = plusBlob(tally.verified, info.size);
  }

  async function inspectUnrecorded(key: string, info: BlobInfo): Promise<void> {
    if (info.modifiedAt >= youngest) tally.recent = plusBlob(tally.recent, info.size);
    else suspects.push(...(await orphanSuspects(registry, key, info)));
  }

  async function look({ key, record, stored: [info] }: StoredKey): Promise<void> {
    if (info) tally.stored = plusBlob(tally.stored, info.size);
    if (record) await inspectRecord(record, info);
    else if (info) await inspectUnrecorded(key, info);
    onLook(tally.stored);
  }

  return { tally, suspects, look };
}

/** Returns the suspected problems of a record. Removes the uses of its blob from `uses`. */
function recordSuspects(record: BlobRecord, info: BlobInfo | undefined, uses: UseCounts): BlobProblem[] {
  const { sha256, size, storageKey } = record;
  const id = useId(sha256, storageKey);
  const used = uses.get(id) ?? 0;
  uses.delete(id);
  const suspects: BlobProblem[] = [];
  if (!info) suspects.push(problemOf('missing', record, `${size} bytes`));
  else if (info.size !== size) {
    suspects.push(problemOf('wrong-size', record, `${info.size} bytes, not ${size}`));
  }
  if (used !== record.refs) suspects.push(problemOf('wrong-count', record));
  return suspects;
}

async function digestSuspects(registry: Registry, record: BlobRecord): Promise<BlobProblem[]> {
  return readTwice(record, async () => {
    const found = await digestOf(registry.blobs, record.storageKey);
    if (found === undefined) return [problemOf('missing', record)];
    return found === record.sha256 ? [] : [problemOf('wrong-digest', record, `their SHA-256 is ${found}`)];
  });
}

async function orphanSuspects(
  registry: Registry,
  storageKey: string,
  info: BlobInfo,
): Promise<BlobProblem[]> {
  return readTwice({ storageKey }, async () => {
    const orphaned = problemOf('orphaned', { storageKey }, `${info.size} bytes`);
    return (await isOrphaned(registry, storageKey)) ? [orphaned] : [];
  });
}

/** Retries a failed read once, since a connection may break. */
async function readTwice(
  at: Pick<BlobRecord, 'storageKey'> & Partial<BlobRecord>,
  read: () => Promise<BlobProblem[]>,
): Promise<BlobProblem[]> {
  try {
    return await read().catch(read);
  } catch (error) {
    return [unreadable(at, error)];
  }
}

/** Returns the suspected problems that a second check confirms, with the affected files. */
async function confirmed(registry: Registry, suspects: readonly BlobProblem[]): Promise<BlobProblem[]> {
  const digests = new Set(suspects.flatMap(({ sha256 }) => sha256 ?? []));
  if (digests.size === 0) return [...suspects];
  const rechecks = await recheck(registry, digests);
  const problems: BlobProblem[] = [];
  for (const suspect of suspects) {
    const again = suspect.sha256 === undefined ? undefined : rechecks.get(suspect.sha256);
    if (!again) problems.push(suspect);
    else if (await isConfirmed(registry, suspect, again)) {
      problems.push({ ...suspect, detail: detailOf(suspect, again), files: again.uses.files });
    }
  }
  return problems;
}

async function isConfirmed(registry: Registry, suspect: BlobProblem, again: Recheck): Promise<boolean> {
  const { record, uses, unchanged } = again;
  switch (suspect.kind) {
    case 'missing':
      return record?.storageKey === suspect.storageKey && !(await registry.blobs.head(suspect.storageKey));
    case 'wrong-count':
      return unchanged && record !== undefined && record.refs !== uses.count;
    case 'no-record':
      return unchanged && record === undefined && uses.count > 0;
    case 'wrong-key':
      return unchanged && record?.storageKey !== suspect.storageKey && uses.byKey.has(suspect.storageKey);
    default:
      return true;
  }
}

function detailOf(suspect: BlobProblem, { record, uses }: Recheck): string {
  if (suspect.kind === 'wrong-count') return `counts ${record?.refs}, there are ${uses.count}`;
  if (suspect.kind === 'wrong-key') return `the record says ${record?.storageKey}`;
  return suspect.detail;
}
