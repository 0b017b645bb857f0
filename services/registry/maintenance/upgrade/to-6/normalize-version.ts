import type { VersionName } from '../../../../domain/names.ts';
import type { Version } from '../../../../domain/packages.ts';
import type { Registry } from '../../../context.ts';
import { currentVersion } from '../../../packages/claim-version.ts';
import { retryChanged } from '../../../records/retry-changed.ts';
import { mergeOnce } from './merge-version.ts';
import { moveOnce, tidyOnce } from './move-version.ts';
import { readState, type Spelling, type VersionMove } from './version-move.ts';

/** A package whose versions are normalized. */
export type PackageMoves = Omit<VersionMove, 'id' | 'from' | 'to'>;

/** Returns what the formats that have equal versions say about them, by their ids. */
export async function spellingsOf(registry: Registry): Promise<ReadonlyMap<string, Spelling>> {
  const formats = await registry.formats();
  return new Map(
    formats.flatMap(({ id, normalizedVersion, fileIdentity }) =>
      normalizedVersion ? [[id, { normalizedVersion, fileIdentity }] as const] : [],
    ),
  );
}

/** Returns whether the version has its normalized text; not if the signal was aborted or a publish is making it. */
export async function normalizeVersion(
  moves: PackageMoves,
  { id, version: from }: Pick<Version, 'id' | 'version'>,
  signal: AbortSignal,
): Promise<boolean> {
  const to: VersionName = moves.spelling.normalizedVersion(from);
  const move: VersionMove = { ...moves, id, from, to };
  for (const step of from === to ? [tidyOnce] : [moveOrMergeOnce, tidyOnce]) {
    for (let hasMore: boolean | 'blocked' = true; hasMore; ) {
      if (signal.aborted) return false;
      hasMore = await retryChanged(() => step(move));
      if (hasMore === 'blocked') return false;
    }
  }
  return true;
}

async function moveOrMergeOnce(move: VersionMove): Promise<boolean | 'blocked'> {
  const state = await readState(move);
  if (!state) return false;
  const { record, target } = state;
  for (const version of [record.version, target]) {
    if (!version?.claim) continue;
    return (await currentVersion(move.registry, version)) ? 'blocked' : true;
  }
  if (record.removed || !target) return moveOnce(move, state);
  return mergeOnce(move, { ...state, target });
}
