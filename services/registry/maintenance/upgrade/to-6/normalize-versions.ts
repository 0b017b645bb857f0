import type { Version } from '../../../../domain/packages.ts';
import type { Registry } from '../../../context.ts';
import { entityOf, type StoredVersion } from '../../../records/entities.ts';
import { ranges } from '../../../records/keys.ts';
import { queryPages } from '../../../records/query-all.ts';
import { everyProject, packagesOf } from '../../check/walk-files.ts';
import { normalizeVersion, type PackageMoves, spellingsOf } from './normalize-version.ts';

/**
 * Moves versions to the text that their format normalizes them to: `1.0` to `1.0.0`. Of versions that are equal, the one
 * with the normalized text gets the files of the others. Until it has finished, reads and publishes look for versions
 * under both texts (`spelledVersion`, `formerIdentity`, `Selection`), and restores normalize first.
 */
export async function normalizeVersions(registry: Registry, signal: AbortSignal): Promise<boolean> {
  const spellings = await spellingsOf(registry);
  let finished = true;
  for await (const project of everyProject(registry)) {
    for await (const ref of packagesOf(registry, project.id)) {
      const spelling = spellings.get(ref.format);
      if (!spelling) continue;
      if (!(await normalizePackage({ registry, project, ref, spelling }, signal))) finished = false;
      if (signal.aborted) return false;
    }
  }
  return finished;
}

async function normalizePackage(moves: PackageMoves, signal: AbortSignal): Promise<boolean> {
  const candidates: Pick<Version, 'id' | 'version' | 'createdAt'>[] = [];
  for (const range of [ranges.versions(moves.ref), ranges.removedVersions(moves.ref)]) {
    for await (const items of queryPages(moves.registry.table, range)) {
      for (const item of items) {
        const { id, version, createdAt, otherFiles } = entityOf<StoredVersion>(item);
        // Removed versions have their readmes in the same range.
        if (version === undefined) continue;
        const isNormal = moves.spelling.normalizedVersion(version) === version;
        if (!isNormal || otherFiles !== undefined) candidates.push({ id, version, createdAt });
      }
    }
  }
  let finished = true;
  // The first of equal versions gives the others its id.
  for (const each of candidates.sort((a, b) => a.createdAt - b.createdAt || a.id - b.id)) {
    if (signal.aborted || !(await normalizeVersion(moves, each, signal))) finished = false;
  }
  return finished;
}
