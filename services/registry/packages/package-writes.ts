/** The writes of which the verbs that publish make their transactions. */
import type { Project } from '../../domain/accounts.ts';
import {
  identityOf,
  type PackageFile,
  type PackageRef,
  type Tag,
  type Version,
} from '../../domain/packages.ts';
import type { Condition, Item, Key, Write } from '../../ports/table.ts';
import { recordEvent, system } from '../events/record-event.ts';
import {
  itemOf,
  type NamedEntry,
  type PackagePointer,
  plainEntity,
  type StoredClaim,
  type StoredVersion,
} from '../records/entities.ts';
import { indexes, inIndex1, inIndex2, keys, type NamesOwner, padId } from '../records/keys.ts';
import { moveHead } from './move-head.ts';

/** The root namespace of a project. */
export function rootOf(project: Project): number {
  return project.ancestors[0] ?? project.namespaceId;
}

/**
 * The pointer by which a version is found by its id, with the index entries that lists read. Lists read pointers
 * only, which stay small, and never the metadata of versions they do not show.
 */
function pointerItem(project: Project, version: Version): Item {
  const { id, projectId, format, name, status, createdAt } = version;
  const pointer: PackagePointer = {
    id,
    projectId,
    format,
    name,
    version: version.version,
    status,
    createdAt,
  };
  return itemOf(keys.packageId(projectId, id), pointer, {
    ...inIndex1(indexes.packagesByName(projectId).pk, `${name}#${version.version}#${padId(id)}`),
    ...inIndex2(indexes.packagesBelow(rootOf(project)).pk, padId(id)),
  });
}

/**
 * A new version: its item, and the pointer that makes its id unique and findable. It was `claimed` before when its files
 * are there already.
 */
export function versionWrites(project: Project, version: Version, claimed: boolean): Write[] {
  const when: Condition = claimed ? openClaim(version) : { exists: false };
  return [
    { put: itemOf(keys.version(version, version.version), version), when },
    { put: pointerItem(project, version), when: { exists: false } },
    ...(claimed ? [{ delete: keys.claim(version.id), when: { exists: true } }] : []),
  ];
}

/** That the publish which made a version of this id is the one whose files come in. */
export function openClaim({ id }: Pick<Version, 'id'>): Condition {
  return { equals: { id, claim: 'open' } };
}

/** The version of a publish in steps before its last step: no read shows it. */
export function claimWrites(version: Version): Write[] {
  const { projectId, format, name, id } = version;
  const claimed: StoredVersion = { ...version, status: 'processing', claim: 'open' };
  const claim: StoredClaim = { projectId, format, name, version: version.version, id };
  return [
    { put: itemOf(keys.version(version, version.version), claimed), when: { exists: false } },
    { put: itemOf(keys.claim(id), claim), when: { exists: false } },
  ];
}

/** A changed version: its item, and its pointer, so that lists know its status. Fails when it is gone. */
export function changedVersionWrites(project: Project, version: Version): Write[] {
  return replacingWrites(project, version, { id: version.id });
}

/** A version with facts made from those of `before`. Fails when it is gone or has been changed since. */
export function amendedVersionWrites(project: Project, before: StoredVersion, version: Version): Write[] {
  const { id, updatedAt, additions, indexed } = before;
  // Files that came meanwhile would be told of in indexes as the version was.
  return replacingWrites(project, version, { id, updatedAt, ...(indexed && { additions }) });
}

function replacingWrites(
  project: Project,
  version: Version,
  before: { readonly id: number; readonly updatedAt?: number; readonly additions?: number | undefined },
): Write[] {
  return [
    { put: itemOf(keys.version(version, version.version), version), when: { equals: before } },
    { put: pointerItem(project, version), when: { equals: { id: version.id } } },
  ];
}

/**
 * Something that goes with a version comes to it: whoever deletes the version at that moment must look again. Fails when
 * the version is not there, or still being published.
 */
export function addedToVersion(ref: PackageRef, version: string, known?: StoredVersion): Write {
  const same = known && { id: known.id, ...(known.indexed && { updatedAt: known.updatedAt }) };
  // What indexes tell of the files is made from the version as it was read.
  const equals = { claim: undefined, ...same };
  return { update: keys.version(ref, version), add: { additions: 1 }, when: { exists: true, equals } };
}

/** A file that becomes the current one of its identity. */
export function fileWrites(ref: PackageRef, file: PackageFile, replaced: PackageFile | undefined): Write[] {
  const key = fileKey(ref, file.version, file);
  if (!replaced) return [{ put: fileItem(ref, key, file), when: { exists: false } }];
  const older = keys.olderFile(ref, replaced.version, identityOf(replaced), replaced.id);
  return [
    { put: fileItem(ref, key, file), when: { equals: { id: replaced.id } } },
    { put: fileItem(ref, older, plainEntity(replaced)) },
  ];
}

/** The put of a file under the key of its identity, without a condition. */
export function currentFileWrite(ref: PackageRef, file: PackageFile): { readonly put: Item } {
  return { put: fileItem(ref, fileKey(ref, file.version, file), file) };
}

function fileItem(ref: PackageRef, key: Key, file: PackageFile): Item {
  if (file.alias === undefined) return itemOf(key, file);
  return itemOf(key, file, inIndex1(indexes.aliases(ref.format, file.alias).pk, padId(file.id)));
}

/** The key of a file in a version. */
export function fileKey(
  ref: PackageRef,
  version: string,
  file: Pick<PackageFile, 'fileName' | 'identity'>,
): Key {
  return keys.file(ref, version, identityOf(file));
}

/** The text of a version for people to read: undefined leaves what there is, an empty one takes it away. */
export function readmeWrites(
  ref: PackageRef,
  { version, readme }: { readonly version: string; readonly readme?: string | undefined },
): Write[] {
  if (readme === undefined) return [];
  const key = keys.readme(ref, version);
  return [readme === '' ? { delete: key } : { put: itemOf(key, { text: readme }) }];
}

/** A tag set to a version. */
export function tagWrite(ref: PackageRef, tag: string, version: string, now: number): Write {
  const entity: Tag = { tag, version, createdAt: now, updatedAt: now };
  return { put: itemOf(keys.tag(ref, tag), entity) };
}

/** What a change of a package adds to its head. */
export interface HeadChange {
  /** The version that the change makes or adds to, if any. */
  readonly version?: string;
  /** How many versions and listed packages there are more. */
  readonly versions?: number;
  readonly listed?: number;
  /** The name that lists the package from now on. */
  readonly listedBy?: string | undefined;
}

/** The head of a package that has something in it, moved on. `live` is whether the name index held it when it was read. */
export function liveHeadWrites(ref: PackageRef, now: number, live: boolean, change: HeadChange): Write[] {
  const { version, versions = 0, listed = 0, listedBy } = change;
  return moveHead(ref, now, {
    touched: version === undefined ? [] : [version],
    add: { versionCount: versions, ...(listed !== 0 && { listedCount: listed }) },
    set: {
      projectId: ref.projectId,
      format: ref.format,
      name: ref.name,
      live: true,
      ...(listedBy !== undefined && { listedBy }),
    },
    when: { equals: { live: live ? true : undefined } },
  });
}

/**
 * Lists the name in the indexes by which groups, the instance and lists find it. Words for searches are written later, by
 * a job that the event starts.
 */
export function nameWrites(project: Project, ref: PackageRef, now: number): Write[] {
  const rootId = rootOf(project);
  const entry = { projectId: project.id, rootId, ancestors: project.ancestors };
  const found: NamedEntry = { ...entry, format: ref.format, name: ref.name };
  return [
    { put: itemOf(keys.name(ref, rootId), entry) },
    ...listersOf(ref, rootId).map((owner): Write => ({ put: itemOf(keys.nameIn(owner, ref), found) })),
    nameEvent(project, ref, now, 'name_listed'),
  ];
}

/** What a publish knows of the version it makes beside its files. */
export interface NewVersionState {
  readonly readme?: string | undefined;
  readonly tags?: readonly string[];
  readonly listing?: { readonly name: string } | undefined;
  /** Whether the name index held the package when it was read. */
  readonly listed: boolean;
  /** Whether the version was claimed before. */
  readonly claimed: boolean;
}

/** Everything that makes a new version visible. */
export function newVersionWrites(
  project: Project,
  version: Version,
  { readme, tags = [], listing, listed, claimed }: NewVersionState,
  now: number,
): Write[] {
  const ref: PackageRef = { projectId: version.projectId, format: version.format, name: version.name };
  return [
    ...versionWrites(project, version, claimed),
    // A version that was not there has no readme to take away.
    ...(readme ? readmeWrites(ref, { version: version.version, readme }) : []),
    ...tags.map((tag) => tagWrite(ref, tag, version.version, now)),
    ...liveHeadWrites(ref, now, listed, {
      version: version.version,
      versions: 1,
      listedBy: listing?.name,
    }),
    ...(listed ? [] : nameWrites(project, ref, now)),
  ];
}

/** Takes the name out of the indexes again. */
export function unlistWrites(project: Project, ref: PackageRef, now: number): Write[] {
  const rootId = rootOf(project);
  return [
    { delete: keys.name(ref, rootId) },
    ...listersOf(ref, rootId).map((owner): Write => ({ delete: keys.nameIn(owner, ref) })),
    nameEvent(project, ref, now, 'name_unlisted'),
  ];
}

/** Whose lists a name is in: those of its project, of its root namespace, and of the instance. */
export function listersOf(ref: PackageRef, rootId: number): readonly NamesOwner[] {
  return [{ kind: 'project', id: ref.projectId }, { kind: 'group', id: rootId }, 'instance'];
}

function nameEvent(
  project: Project,
  ref: PackageRef,
  now: number,
  type: 'name_listed' | 'name_unlisted',
): Write {
  const { projectId, format, name } = ref;
  const about = { projectId, projectPath: project.fullPath, format, name, version: null };
  return recordEvent(now, { ...about, type, actor: system, details: { rootId: rootOf(project) } });
}
