import type { FormatRules } from '../../domain/format-rules.ts';
import type { MetadataType } from '../../domain/metadata.ts';
import type { TagName, VersionName } from '../../domain/names.ts';
import { isListed, type PackageRef, type Version } from '../../domain/packages.ts';
import { mapConcurrently } from '../../shared/map-concurrently.ts';
import type { Registry } from '../context.ts';
import { versionsOf } from '../documents/versions-of.ts';
import type { HeldPackage } from '../packages/held-package.ts';
import { readHeads, readTag, readVersions } from '../packages/read-versions.ts';
import type { SearchHit } from './search-packages.ts';
import { headsOf } from './visible-packages.ts';

/** How many hits that several projects hold are looked up concurrently. */
const CONCURRENCY = 25;

/** How a format chooses the version with which a search shows a package. */
export interface ShownBy<M> {
  readonly format: Pick<FormatRules, 'id'>;
  readonly metadata: MetadataType<M>;
  /** The tag of the version. */
  readonly tag: TagName;
  /** Chooses a version if the tag does not point to a listed one. Undefined if the package has nothing to show. */
  choose(held: HeldPackage): Promise<VersionName | undefined>;
}

/**
 * The version with which each hit of a search is shown, as indexes of the hit's projects have it: from the first project
 * that has one. Hits without any are left out. Two round trips if all tags point to listed versions.
 */
export async function shownVersions<M>(
  registry: Registry,
  hits: readonly SearchHit[],
  by: ShownBy<M>,
): Promise<Version<M>[]> {
  const found = new Map<SearchHit, Version<M>>();
  for (let position = 0; ; position++) {
    const open = hits.flatMap((hit) => {
      const project = found.has(hit) ? undefined : hit.projects[position];
      return project ? [{ hit, ref: { projectId: project.id, format: by.format.id, name: hit.name } }] : [];
    });
    if (open.length === 0) return servedCopies(registry, hits, found, by);
    const refs = open.map(({ ref }) => ref);
    for (const [index, version] of (await versionsIn(registry, refs, by)).entries()) {
      const hit = open[index]?.hit;
      if (hit && version) found.set(hit, version);
    }
  }
}

/** The found versions in the order of the hits, each as it is served. */
async function servedCopies<M>(
  registry: Registry,
  hits: readonly SearchHit[],
  found: ReadonlyMap<SearchHit, Version<M>>,
  by: ShownBy<M>,
): Promise<Version<M>[]> {
  const versions = hits.flatMap((hit) => {
    const version = found.get(hit);
    return version ? [{ hit, version }] : [];
  });
  const served = await mapConcurrently(versions, CONCURRENCY, ({ hit, version }) =>
    servedCopy(registry, hit, version, by),
  );
  return served.filter((version) => version !== undefined);
}

/** The version as it is served; the one that the format chooses, if it is not. */
async function servedCopy<M>(
  registry: Registry,
  hit: SearchHit,
  version: Version<M>,
  by: ShownBy<M>,
): Promise<Version<M> | undefined> {
  if (hit.projects.length + hit.withheld.length < 2) return version;
  const [held] = await headsOf(registry, by.format, [hit]);
  if (!held) return undefined;
  const [served] = await versionsOf(registry, held, [version.version], by.metadata);
  if (served) return served;
  const chosen = await by.choose(held);
  return chosen === undefined ? undefined : (await versionsOf(registry, held, [chosen], by.metadata))[0];
}

/** The version to show of each package. */
async function versionsIn<M>(
  registry: Registry,
  refs: readonly PackageRef[],
  by: ShownBy<M>,
): Promise<(Version<M> | undefined)[]> {
  const tagged = await listedVersions(registry, refs, await readTag(registry, refs, by.tag), by);
  const names = refs.map(async (ref, index) => {
    const [head] = tagged[index] ? [] : await readHeads(registry, [ref]);
    return head && by.choose({ heads: [head], withheld: [] });
  });
  const chosen = await listedVersions(registry, refs, await Promise.all(names), by);
  return refs.map((_, index) => tagged[index] ?? chosen[index]);
}

/** Reads one version per package, in order; undefined for versions that are not listed. */
async function listedVersions<M>(
  registry: Registry,
  refs: readonly PackageRef[],
  names: readonly (VersionName | undefined)[],
  { metadata }: ShownBy<M>,
): Promise<(Version<M> | undefined)[]> {
  const versions = await readVersions(
    registry,
    refs.map((ref, index) => ({ ...ref, version: names[index] })),
    metadata,
  );
  return versions.map((version) => (version && isListed(version) ? version : undefined));
}
