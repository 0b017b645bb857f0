import type { DefaultTag } from '../../domain/format-rules.ts';
import type { VersionName } from '../../domain/names.ts';
import { isListed, type PackageRef, type Version } from '../../domain/packages.ts';
import type { Condition, Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { entityOf } from '../records/entities.ts';
import { ranges } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';
import { addedToVersion, tagWrite } from './package-writes.ts';

/**
 * Returns the default tag of a format; undefined if it has none.
 * @throws TypeError if this process does not have the format, and so can't know
 */
export async function defaultTagOf(
  registry: Pick<Registry, 'formats'>,
  format: string,
): Promise<DefaultTag | undefined> {
  const rules = (await registry.formats()).find(({ id }) => id === format);
  if (!rules) throw new TypeError(`the format ${format} is not loaded`);
  return rules.defaultTag;
}

/** The version that a default tag moves to, and the writes that move it. */
export interface DefaultTagMove {
  readonly version: VersionName;
  readonly writes: readonly Write[];
}

/**
 * Returns how a package's default tag moves to the default among its listed versions; undefined if there are none. The writes
 * fail if that version is removed in the meantime, or if `when` does not hold for the tag.
 * @param without a version that does not count, because it is being removed
 */
export async function defaultTagMove(
  { table, clock }: Pick<Registry, 'table' | 'clock'>,
  ref: PackageRef,
  { tag, choose }: DefaultTag,
  { when, without }: { readonly when: Condition; readonly without?: VersionName },
): Promise<DefaultTagMove | undefined> {
  const items = await queryAll(table, ranges.versions(ref));
  const versions = items.map((item) => entityOf<Version>(item)).filter(isListed);
  const chosen = choose(versions.map(({ version }) => version).filter((version) => version !== without));
  if (chosen === undefined) return undefined;
  const writes = [addedToVersion(ref, chosen), { ...tagWrite(ref, tag, chosen, clock.now()), when }];
  return { version: chosen, writes };
}
