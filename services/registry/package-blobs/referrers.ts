import type { MetadataType } from '../../domain/metadata.ts';
import type { VersionName } from '../../domain/names.ts';
import type { PackageRef, Version } from '../../domain/packages.ts';
import type { Registry } from '../context.ts';
import { readVersions } from '../packages/read-versions.ts';
import { keys, ranges } from '../records/keys.ts';

/** Which referrers to list. */
export interface ReferrerQuery<M> {
  /** The version that they describe, which may not exist. */
  readonly subject: VersionName;
  /** The version of the last referrer of the previous page; it may be any text. */
  readonly after: string | undefined;
  readonly limit: number;
  readonly metadata: MetadataType<M>;
}

/** A page of referrers, in the order of their versions. */
export interface ReferrerPage<M> {
  readonly versions: readonly Version<M>[];
  /** The version to continue after; undefined if nothing follows. */
  readonly next: VersionName | undefined;
}

/** Lists the versions that describe another one. Two round trips. */
export async function listReferrers<M>(
  registry: Pick<Registry, 'table' | 'log'>,
  ref: PackageRef,
  { subject, after, limit, metadata }: ReferrerQuery<M>,
): Promise<ReferrerPage<M>> {
  const { items, more } = await registry.table.query({
    ...ranges.referrers(ref, subject),
    limit,
    ...(after !== undefined && { after: keys.referrer(ref, subject, after.slice(0, 300) as VersionName).sk }),
  });
  const names = items.map(({ version }) => version as VersionName);
  const versions = await readVersions(
    registry,
    names.map((version) => ({ ...ref, version })),
    metadata,
  );
  return {
    versions: versions.filter((version) => version !== undefined),
    next: more ? names.at(-1) : undefined,
  };
}
