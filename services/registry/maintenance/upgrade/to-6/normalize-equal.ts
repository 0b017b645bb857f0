import type { Project } from '../../../../domain/accounts.ts';
import type { PackageRef } from '../../../../domain/packages.ts';
import type { Registry } from '../../../context.ts';
import { versionRows } from '../../../packages/version-rows.ts';
import { entityOf } from '../../../records/entities.ts';
import { keys } from '../../../records/keys.ts';
import type { RemovedVersion } from '../../../removal/removed.ts';
import { normalizeVersion, spellingsOf } from './normalize-version.ts';

/** The schema in which all versions are normalized. */
const NORMALIZED = 6;

/**
 * Normalizes a removed version and those that are equal to it, before it is restored: it must not become a second one.
 * Does nothing once all records are upgraded.
 */
export async function normalizeEqual(
  registry: Registry,
  project: Project,
  ref: PackageRef,
  id: number,
): Promise<void> {
  const spelling = (await spellingsOf(registry)).get(ref.format);
  const [schema, removedItem] = await registry.table.getMany([keys.schema(), keys.removedVersion(ref, id)]);
  if (!spelling || !removedItem || Number(schema?.schema) >= NORMALIZED) return;
  const { version } = entityOf<RemovedVersion>(removedItem);
  const to = spelling.normalizedVersion(version);
  const equal = [{ id, version }];
  for await (const row of versionRows(registry, ref)) {
    if (spelling.normalizedVersion(row.version) === to) equal.push(row);
  }
  const moves = { registry, project, ref, spelling };
  for (const each of equal) await normalizeVersion(moves, each, new AbortController().signal);
}
