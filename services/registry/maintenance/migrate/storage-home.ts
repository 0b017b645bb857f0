import { RegistryError } from '../../../domain/errors.ts';
import { type Condition, ConditionFailed, type Table, type TableReader } from '../../../ports/table.ts';
import { itemOf, maybeEntity } from '../../records/entities.ts';
import { keys } from '../../records/keys.ts';

/**
 * Where the blobs are, by the names of the places (`local`, `s3://bucket/prefix`). With `from` they are being moved:
 * new ones are at `place` only, older ones may still be at `from` only.
 */
export interface StorageHome {
  readonly place: string;
  readonly from?: string | undefined;
}

/** The places of a move, by their names. */
export interface Move {
  readonly from: string;
  readonly to: string;
}

/** The home on record, or undefined when no server has been started yet. */
export async function findHome(table: TableReader): Promise<StorageHome | undefined> {
  const stored = maybeEntity<StorageHome>(await table.get(keys.storage()));
  return stored && { place: stored.place, from: stored.from };
}

/** The write that puts a home on record, if the one that was `read` is on record still. */
export function homeWrite(home: StorageHome, read: StorageHome | undefined) {
  const when: Condition = read ? { equals: { place: read.place, from: read.from } } : { exists: false };
  return { put: itemOf(keys.storage(), home), when };
}

/** Says how a server is started with these places: `with ... as the store`. */
export type StartWords = (home: StorageHome) => string;

const plainWords: StartWords = ({ place, from }) =>
  `with ${place} as the store${from === undefined ? '' : ` and --migrate-from ${from}`}`;

/** What is on record once a server works with these places, or why it must not: it would miss blobs. */
export function judgeHome(
  recorded: StorageHome | undefined,
  wanted: StorageHome,
  startWith = plainWords,
): { readonly home: StorageHome } | { readonly refusal: string } {
  if (!recorded) return { home: wanted };
  const { place, from } = recorded;
  if (from !== undefined) {
    if (sameTwo(recorded, wanted)) return { home: wanted };
    return {
      refusal: `blobs are being moved from ${from} to ${place}, and are in both: start ${startWith(recorded)} until that is finished`,
    };
  }
  if (wanted.from === place) return { home: wanted };
  // Who leaves --migrate-from on after the move is no worse off.
  if (wanted.place === place) return { home: recorded };
  return {
    refusal: `the blobs are in ${place}, not in ${wanted.place}: start ${startWith(recorded)} or, to move them, with --migrate-from ${place}`,
  };
}

/**
 * Puts on record that a server works with these places.
 * @throws RegistryError `conflict` when it would miss blobs that are elsewhere.
 */
export async function claimHome(
  table: Table,
  wanted: StorageHome,
  startWith?: StartWords,
): Promise<StorageHome> {
  for (;;) {
    const recorded = await findHome(table);
    const judged = judgeHome(recorded, wanted, startWith);
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
 * Why a server that works with `own` places must stop, or undefined: servers that were started after it store blobs
 * where it does not look, or it stores them where these soon won't.
 */
export function outdated(recorded: StorageHome | undefined, own: StorageHome): string | undefined {
  if (!recorded) return undefined;
  const { place, from } = recorded;
  if (place === own.place && (from === undefined || from === own.from)) return undefined;
  const now = from === undefined ? `are in ${place}` : `are being moved from ${from} to ${place}`;
  return `the blobs ${now} since this server was started: start it anew with these places`;
}

/**
 * Makes sure that moving blobs between these places is about all of them, and that no server stores new ones at the
 * place they are moved from.
 * @throws RegistryError `conflict` when there are blobs elsewhere, or new ones go the other way.
 */
export function checkMove(recorded: StorageHome | undefined, move: Move): void {
  if (!recorded) return;
  const elsewhere = [recorded.place, recorded.from].find(
    (place) => place !== undefined && place !== move.from && place !== move.to,
  );
  if (elsewhere !== undefined) {
    throw new RegistryError(
      'conflict',
      `there are blobs in ${elsewhere}, which is neither of the two places`,
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
