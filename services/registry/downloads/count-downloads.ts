import { createHash } from 'node:crypto';
import type { Item, TableReader, Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { keys } from '../records/keys.ts';
import { forEachOf } from '../records/read-many.ts';
import { retryChanged } from '../records/retry-changed.ts';

/** Downloads of the files of one version: how many on each day (`YYYY-MM-DD`, UTC), and when the last was. */
export interface VersionDownloads {
  readonly versionId: number;
  readonly days: Readonly<Record<string, number>>;
  /** Milliseconds since the epoch. */
  readonly lastAt: number;
}

/** Downloads that are counted together. A batch of the same id is counted once, however often it is handed in. */
export interface DownloadBatch {
  readonly id: string;
  readonly downloads: readonly VersionDownloads[];
}

/** For how many days counts by day are kept. The sum of all downloads and the time of the last stay. */
export const DAYS_KEPT = 90;

/** How many of the last batches an item remembers, each by twelve characters. */
const BATCHES_REMEMBERED = 16;

const DAY = 24 * 3600 * 1000;

/** The attribute that holds the count of a day. */
const dayAttribute = (day: string) => `day:${day}`;

/** The day of a time, in UTC. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/**
 * Adds a batch of downloads to the counts of their versions, one write for each version. Those of versions that are
 * purged are dropped.
 */
export async function countDownloads(registry: Registry, { id, downloads }: DownloadBatch): Promise<void> {
  const batch = createHash('sha256').update(id).digest('base64url').slice(0, 12);
  await forEachOf(downloads, async (each) => {
    await retryChanged(() => countVersion(registry, batch, each));
    return [];
  });
}

async function countVersion({ table, clock }: Registry, batch: string, downloads: VersionDownloads) {
  const key = keys.downloads(downloads.versionId);
  const item = await table.get(key);
  const seen = typeof item?.batches === 'string' ? item.batches : undefined;
  const batches = seen?.split(' ') ?? [];
  if (item?.purged || batches.includes(batch)) return;
  const counts = Object.entries(downloads.days);
  const oldest = dayAttribute(dayOf(clock.now() - DAYS_KEPT * DAY));
  const outdated = Object.keys(item ?? {}).filter((name) => name.startsWith('day:') && name < oldest);
  await table.update(
    key,
    {
      add: {
        total: counts.reduce((sum, [, count]) => sum + count, 0),
        ...Object.fromEntries(
          counts
            .map(([day, count]) => [dayAttribute(day), count] as const)
            .filter(([name]) => name >= oldest),
        ),
      },
      set: {
        ...Object.fromEntries(outdated.map((name) => [name, undefined])),
        lastAt: Math.max(Number(item?.lastAt ?? 0), downloads.lastAt),
        batches: [...batches.slice(1 - BATCHES_REMEMBERED), batch].join(' '),
      },
    },
    { equals: { batches: seen, purged: undefined } },
  );
}

/** How long late counts of a purged version are expected, in seconds. */
const LATE = 2 * 24 * 3600;

/** Forgets the downloads of a version that is purged. The item stays for a while, so that late counts do not bring it back. */
export function forgetDownloads({ clock }: Pick<Registry, 'clock'>, versionId: number): Write {
  const expiresAt = Math.floor(clock.now() / 1000) + LATE;
  return { put: { ...keys.downloads(versionId), purged: true, expiresAt } };
}

/** What is known of the downloads of a version. */
export interface DownloadCounts {
  /** Of all time. */
  readonly total: number;
  /** When the last one began, in milliseconds since the epoch, or null. */
  readonly lastAt: number | null;
  /** Of the days that had any, the oldest first; only of the last `DAYS_KEPT` days. */
  readonly days: readonly { readonly day: string; readonly count: number }[];
}

/** The downloads of versions, by version id, in one round trip for each hundred. They lag by some seconds. */
export async function downloadsOf(
  table: TableReader,
  versionIds: readonly number[],
): Promise<ReadonlyMap<number, DownloadCounts>> {
  const found = new Map<number, DownloadCounts>();
  for (let start = 0; start < versionIds.length; start += 100) {
    const some = versionIds.slice(start, start + 100);
    const items = await table.getMany(some.map((id) => keys.downloads(id)));
    for (const [index, id] of some.entries()) found.set(id, countsOf(items[index]));
  }
  return found;
}

function countsOf(item: Item | undefined): DownloadCounts {
  const days = Object.entries(item ?? {}).filter(([name]) => name.startsWith('day:'));
  return {
    total: Number(item?.total ?? 0),
    lastAt: typeof item?.lastAt === 'number' ? item.lastAt : null,
    days: days
      .map(([name, count]) => ({ day: name.slice('day:'.length), count: Number(count) }))
      .sort((a, b) => (a.day < b.day ? -1 : 1)),
  };
}
