import type { Principal, Project } from '../../domain/accounts.ts';
import type { ContentDigest } from '../../domain/digests.ts';
import type { FormatRules } from '../../domain/format-rules.ts';
import type { PackageName } from '../../domain/names.ts';
import type { PackageBlob, PackageRef } from '../../domain/packages.ts';
import { readRights } from '../access/project-rights.ts';
import type { Registry } from '../context.ts';
import { rootOf } from '../packages/package-writes.ts';
import { entityOf, maybeEntity, type StoredPackageBlob } from '../records/entities.ts';
import { indexes, keys, padId } from '../records/keys.ts';
import { readMany } from '../records/read-many.ts';

/** How many packages that hold the same bytes are looked at. */
const MAX_HOLDERS = 20;

/** Bytes and the package that holds them. */
export interface HeldBlob {
  readonly ref: PackageRef;
  readonly blob: PackageBlob;
}

/** Finds bytes in the packages of a project. Undefined if no package holds them. */
export async function blobInProject(
  registry: Pick<Registry, 'table'>,
  project: Project,
  format: string,
  digest: ContentDigest,
): Promise<HeldBlob | undefined> {
  const [held] = await holders(registry, digest, `${padId(rootOf(project))}#${padId(project.id)}#${format}#`);
  return held;
}

/**
 * Finds bytes in a package that a caller may pull from, in the same project or root namespace first, else in a project that
 * is open to the caller.
 */
export async function findMountable(
  registry: Registry,
  input: {
    readonly project: Project;
    readonly format: FormatRules;
    readonly principal: Principal;
    /** Whether the caller's grant covers a package. It need not cover what everybody may pull. */
    readonly covers: (project: Project, name: PackageName) => boolean;
    readonly digest: ContentDigest;
  },
): Promise<HeldBlob | undefined> {
  const { project, format, principal, covers, digest } = input;
  const own = await blobInProject(registry, project, format.id, digest);
  if (own) return own;
  const near = await holders(registry, digest, `${padId(rootOf(project))}#`);
  const found = [...near, ...(await holders(registry, digest, ''))].filter(
    ({ ref }) => ref.format === format.id,
  );
  const ids = [...new Set(found.map(({ ref }) => ref.projectId))];
  const projects = await readMany(
    registry.table,
    ids.map((id) => keys.project(id)),
  );
  const mayPull = async (source: Project, by: Principal) =>
    (await readRights(registry, by, source)).may('pull', format.feature);
  for (const [index, id] of ids.entries()) {
    const source = maybeEntity<Project>(projects[index]);
    if (!source || !(await mayPull(source, principal))) continue;
    const held = found.filter(({ ref }) => ref.projectId === id);
    const covered = held.find(({ ref }) => covers(source, ref.name));
    if (covered) return covered;
    if (await mayPull(source, { kind: 'anonymous' })) return held[0];
  }
  return undefined;
}

async function holders(
  { table }: Pick<Registry, 'table'>,
  digest: ContentDigest,
  prefix: string,
): Promise<HeldBlob[]> {
  const range = { ...indexes.holding(digest), ...(prefix !== '' && { prefix }), limit: MAX_HOLDERS };
  const { items } = await table.query(range);
  return items.flatMap((item) => {
    const { projectId, format, name, removedAt } = entityOf<StoredPackageBlob>(item);
    if (removedAt !== undefined) return [];
    return [{ ref: { projectId, format, name }, blob: entityOf<PackageBlob>(item) }];
  });
}
