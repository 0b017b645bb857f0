import { RegistryError } from '../../../domain/errors.ts';
import { type Condition, ConditionFailed, type Table, type TableReader } from '../../../ports/table.ts';
import { itemOf, maybeEntity } from '../../records/entities.ts';
import { keys } from '../../records/keys.ts';

/**
 * The storage locations of the blobs, by name (`local`, `s3://bucket/prefix`). While they are being moved, `from`
 * is set: new blobs are in `place` only, older ones may still be in `from` only.
 */
export interface StorageHome {
  readonly place: string;
  readonly from?: string | undefined;
}

/** The storage locations of a move, by name. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/** Returns the recorded home; undefined if no server has been started yet. */
export async function findHome(table: TableReader): Promise<StorageHome | undefined> {
  const stored = maybeEntity<StorageHome>(await table.get(keys.storage()));
  return stored && { place: stored.place, from: stored.from };
}

/** Returns the write that records a home, on condition that the recorded one is still `read`. */
export function homeWrite(home: StorageHome, read: StorageHome | undefined) {
  const when: Condition = read ? { equals: { place: read.place, from: read.from } } : { exists: false };
  return { put: itemOf(keys.storage(), home), when };
}

/** Describes how to start a server with these storage locations: `with ... as the store`. */
export type StartWords = (home: StorageHome) => string;

const plainWords: StartWords = ({ place, from }) =>
  `with ${place} as the store${from === undefined ? '' : ` and --migrate-from ${from}`}`;

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
  const { place, from } = recorded;
  if (from !== undefined) {
    if (sameTwo(recorded, requested)) return { home: requested };
    return {
      refusal: `blobs are being moved from ${from} to ${place}, and are in both: start ${startWith(recorded)} until that is finished`,
    };
  }
  if (requested.from === place) return { home: requested };
  // --migrate-from may stay set after the move.
  if (requested.place === place) return { home: recorded };
  return {
    refusal: `the blobs are in ${place}, not in ${requested.place}: start ${startWith(recorded)} or, to move them, with --migrate-from ${place}`,
  };
}

/**
 * Records the storage locations that a server uses.
 * @throws RegistryError `conflict` if the server would miss blobs in other locations
 */
export async function claimHome(
  table: Table,
  requested: StorageHome,
  startWith?: StartWords,
): Promise<StorageHome> {
  for (;;) {
    const recorded = await findHome(table);
    const judged = judgeHome(recorded, requested, startWith);
    if ('refusal' in judged) throw new RegistryError('conflict', judged.refusal);
    const { home } = judged;
    if (recorded && recorded.place === home.place && recorded.from === home.from) return home;
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
  const { place, from } = recorded;
  if (place === own.place && (from === undefined || from === own.from)) return undefined;
  const now = from === undefined ? `are in ${place}` : `are being moved from ${from} to ${place}`;
  return `the blobs ${now} since this server was started: restart it with these storage locations`;
}

/**
 * Checks that a move covers all blobs, and that no server stores new ones in the location they are moved from.
 * @throws RegistryError `conflict` if there are blobs elsewhere, or a move in the other direction is running
 */
export function checkMove(recorded: StorageHome | undefined, move: Move): void {
  if (!recorded) return;
  const elsewhere = [recorded.place, recorded.from].find(
    (place) => place !== undefined && place !== move.from && place !== move.to,
  );
  if (elsewhere !== undefined) {
    throw new RegistryError(
      'conflict',
      `there are blobs in ${elsewhere}, which is neither of the two storage locations`,
    );
  }
  if (recorded.from !== undefined && recorded.place !== move.to) {
    const way = `from ${recorded.from} to ${recorded.place}`;
    throw new RegistryError('conflict', `blobs are being moved ${way}, which is the other way round`);
  }
}

function sameTwo(one: StorageHome, other: StorageHome): boolean {
  return (
    (one.place === other.place && one.from === other.from) ||
    (one.place === other.from && one.from === other.place)
  );
}
