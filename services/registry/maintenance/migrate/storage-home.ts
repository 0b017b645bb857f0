import { RegistryError } from '../../../domain/errors.ts';
import { type Condition, ConditionFailed, type Table, type TableReader } from '../../../ports/table.ts';
import { itemOf, storedAs } from '../../records/entities.ts';
import { keys } from '../../records/keys.ts';

/**
 * The storage locations of the blobs, by name (`local`, `s3://bucket/prefix`). While they are being moved, `from`
 * is set: new blobs are in `location` only, older ones may still be in `from` only.
 */
export interface StorageHome {
  readonly location: string;
  readonly from?: string | undefined;
}

/** The storage locations of a move, by name. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/** Returns the recorded home; undefined if no server has been started yet. */
export async function findHome(table: TableReader): Promise<StorageHome | undefined> {
  const item = await table.get(keys.storage());
  if (!item) return undefined;
  const { [storedAs.location]: location, from } = item;
  return { location: String(location), from: from === undefined ? undefined : String(from) };
}

/** Returns the write that records a home, on condition that the recorded one is still `read`. */
export function homeWrite(home: StorageHome, read: StorageHome | undefined) {
  const when: Condition = read ? { equals: attributesOf(read) } : { exists: false };
  return { put: itemOf(keys.storage(), attributesOf(home)), when };
}

function attributesOf({ location, from }: StorageHome) {
  return { [storedAs.location]: location, from };
}

/** Records that all blobs are in `location`, for a copy of a registry that has them there. */
export async function moveHome(table: Table, location: string): Promise<void> {
  await table.write([homeWrite({ location }, await findHome(table))]);
}

/** Describes how to start a server with these storage locations: `with ... as the store`. */
export type StartWords = (home: StorageHome) => string;

const plainWords: StartWords = ({ location, from }) =>
  `with ${location} as the store${from === undefined ? '' : ` and --migrate-from ${from}`}`;

/**
 * Returns the home to record for a server that uses these locations, or why it must not start: it would miss
 * blobs.
 */
export function judgeHome(
  recorded: StorageHome | undefined,
  requested: StorageHome,
  startWith = plainWords,
): { readonly home: StorageHome } | { readonly refusal: string } {
  if (!recorded) return { home: requested };
  const { location, from } = recorded;
  if (from !== undefined) {
    if (sameTwo(recorded, requested)) return { home: requested };
    return {
      refusal: `blobs are being moved from ${from} to ${location}, and are in both: start ${startWith(recorded)} until that is finished`,
    };
  }
  if (requested.from === location) return { home: requested };
  // --migrate-from may stay set after the move.
  if (requested.location === location) return { home: recorded };
  return {
    refusal: `the blobs are in ${location}, not in ${requested.location}: start ${startWith(recorded)} or, to move them, with --migrate-from ${location}`,
  };
}

/**
 * Records the storage locations that a server uses.
 * @throws RegistryError `conflict` if the server would miss blobs in other locations
 */
export async function recordHome(
  table: Table,
  requested: StorageHome,
  startWith?: StartWords,
): Promise<StorageHome> {
  for (;;) {
    const recorded = await findHome(table);
    const judged = judgeHome(recorded, requested, startWith);
    if ('refusal' in judged) throw new RegistryError('conflict', judged.refusal);
    const { home } = judged;
    if (recorded && recorded.location === home.location && recorded.from === home.from) return home;
    try {
      await table.write([homeWrite(home, recorded)]);
      return home;
    } catch (error) {
      if (!(error instanceof ConditionFailed)) throw error;
    }
  }
}

/**
 * Returns why a server with the locations `own` must stop, or undefined. Servers that were started later may store
 * blobs where it does not look, or it stores them where the others will soon not look.
 */
export function outdated(recorded: StorageHome | undefined, own: StorageHome): string | undefined {
  if (!recorded) return undefined;
  const { location, from } = recorded;
  if (location === own.location && (from === undefined || from === own.from)) return undefined;
  const now = from === undefined ? `are in ${location}` : `are being moved from ${from} to ${location}`;
  return `the blobs ${now} since this server was started: restart it with these storage locations`;
}

/**
 * Checks that a move covers all blobs, and that no server stores new ones in the location they are moved from.
 * @throws RegistryError `conflict` if there are blobs elsewhere, or a move in the other direction is running
 */
export function checkMove(recorded: StorageHome | undefined, move: Move): void {
  if (!recorded) return;
  const elsewhere = [recorded.location, recorded.from].find(
    (location) => location !== undefined && location !== move.from && location !== move.to,
  );
  if (elsewhere !== undefined) {
    throw new RegistryError(
      'conflict',
      `there are blobs in ${elsewhere}, which is neither of the two storage locations`,
    );
  }
  if (recorded.from !== undefined && recorded.location !== move.to) {
    const way = `from ${recorded.from} to ${recorded.location}`;
    throw new RegistryError('conflict', `blobs are being moved ${way}, which is the other way round`);
  }
}

function sameTwo(one: StorageHome, other: StorageHome): boolean {
  return (
    (one.location === other.location && one.from === other.from) ||
    (one.location === other.from && one.from === other.location)
  );
}
