/** The writes that make up the transactions of publishes. */

import type { Project } from '../../domain/accounts.ts';
import type { PackageName, TagName, VersionName } from '../../domain/names.ts';
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
  type NameEntry,
  type PackagePointer,
  plainEntity,
  type StoredClaim,
  type StoredVersion,
  storedAs,
} from '../records/entities.ts';
import { indexes, inIndex1, inIndex2, keys, type NamesOwner, padId, versionByName } from '../records/keys.ts';
import { moveHead } from './move-head.ts';

/** Returns the id of a project's root namespace. */
export function rootOf(project: Pick<Project, 'ancestors' | 'namespaceId'>): number {
  return project.ancestors[0] ?? project.namespaceId;
}

/** Returns the ids of the groups above a project, root first. */
export function groupsOf(project: Pick<Project, 'ancestors' | 'namespaceId'>): readonly number[] {
  return project.ancestors.length > 0 ? project.ancestors : [project.namespaceId];
}

/**
 * Returns the pointer that finds a version by its id, with the attributes by which lists find it. Lists read only pointers,
 * which are small, and no metadata of versions that they do not show.
 */
export function pointerItem(project: Project, version: Version): Item {
  const { id, projectId, format, name, displayVersion, status, createdAt } = version;
  const pointer: PackagePointer = {
    id,
    projectId,
    format,
    name,
    version: version.version,
    ...(displayVersion !== undefined && { displayVersion }),
    status,
    createdAt,
  };
  if (version.apart) return itemOf(keys.versionId(version), pointer);
  return itemOf(keys.versionId(version), pointer, {
    ...inIndex1(indexes.packagesByName(projectId).pk, versionByName(pointer)),
    ...inIndex2(indexes.packagesBelow(rootOf(project)).pk, padId(id)),
  });
}

/** Returns the item that finds the projects that hold a version. */
export function versionHolderItem(
  project: Pick<Project, 'id' | 'ancestors' | 'namespaceId'>,
  version: Pick<Version, 'projectId' | 'format' | 'name' | 'version'>,
): Item {
  const entry: NameEntry = { projectId: project.id, rootId: rootOf(project), ancestors: project.ancestors };
  return itemOf(keys.versionHolder(version, version.version, groupsOf(project)), entry);
}

/**
 * Returns the writes of a new version: its item, and the pointer that makes its id unique and findable. If it was
 * `claimed`, its files are already stored.
 */
export function versionWrites(project: Project, version: Version, claimed: boolean): Write[] {
  const when: Condition = claimed ? openClaim(version) : { exists: false };
  return [
    { put: itemOf(keys.version(version, version.version), version), when },
    { put: pointerItem(project, version), when: { exists: false } },
    ...(version.apart ? [] : [{ put: versionHolderItem(project, version) }]),
    ...referrerWrites(version),
    ...(claimed ? [{ delete: keys.claim(version.id), when: { exists: true } }] : []),
  ];
}

/** Returns the write that lists a version among those that describe its subject. */
function referrerWrites(version: Version): Write[] {
  const { subject } = version;
  if (subject === undefined) return [];
  const key = keys.referrer(version, subject, version.version);
  return [{ put: itemOf(key, { version: version.version, id: version.id }) }];
}

/** Returns the condition that a version is still claimed by the publish that made this id. */
export function openClaim({ id }: Pick<Version, 'id'>): Condition {
  return { equals: { id, claim: 'open' } };
}

/** Returns the writes that claim the version of a publish in steps. No read shows it until the last step. */
export function claimWrites(version: Version): Write[] {
  const { projectId, format, name, id } = version;
  const claimed: StoredVersion = { ...version, status: 'processing', claim: 'open' };
  const claim: StoredClaim = { projectId, format, name, version: version.version, id };
  return [
    { put: itemOf(keys.version(version, version.version), claimed), when: { exists: false } },
    { put: itemOf(keys.claim(id), claim), when: { exists: false } },
  ];
}

/** Returns the writes of a changed version: its item, and its pointer for lists. They fail if it is gone. */
export function changedVersionWrites(project: Project, version: Version): Write[] {
  return replacingWrites(project, version, { id: version.id });
}

/**
 * Returns the writes of a version whose facts derive from `before`. They fail if it is gone or has changed since.
 */
export function amendedVersionWrites(project: Project, before: StoredVersion, version: Version): Write[] {
  const { id, updatedAt, additions, indexed } = before;
  // Indexes would describe files that were added in the meantime with the old facts of the version.
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
 * Returns the write that counts an addition to a version, so that a concurrent deletion of the version must retry.
 * It fails if the version does not exist or is still being published.
 */
export function addedToVersion(ref: PackageRef, version: VersionName, known?: StoredVersion): Write {
  const same = known && { id: known.id, ...(known.indexed && { updatedAt: known.updatedAt }) };
  // The stanzas of the files were made from the version as it was read.
  const equals = { claim: undefined, ...same };
  return { update: keys.version(ref, version), add: { additions: 1 }, when: { exists: true, equals } };
}

/** Returns the writes that make a file the current one of its identity. */
export function fileWrites(ref: PackageRef, file: PackageFile, replaced: PackageFile | undefined): Write[] {
  const key = fileKey(ref, file.version, file);
  if (!replaced) return [{ put: fileItem(ref, key, file), when: { exists: false } }];
  const older = keys.olderFile(ref, replaced.version, identityOf(replaced), replaced.id);
  return [
    { put: fileItem(ref, key, file), when: { equals: { id: replaced.id } } },
    { put: fileItem(ref, older, plainEntity(replaced)) },
  ];
}

/** Returns an unconditional put of a file under the key of its identity. */
export function currentFileWrite(ref: PackageRef, file: PackageFile): { readonly put: Item } {
  return { put: fileItem(ref, fileKey(ref, file.version, file), file) };
}

function fileItem(ref: PackageRef, key: Key, file: PackageFile): Item {
  if (file.alias === undefined) return itemOf(key, file);
  return itemOf(key, file, inIndex1(indexes.aliases(ref.format, file.alias).pk, padId(file.id)));
}

/** Returns the key of a file in a version. */
export function fileKey(
  ref: PackageRef,
  version: VersionName,
  file: Pick<PackageFile, 'fileName' | 'identity'>,
): Key {
  return keys.file(ref, version, identityOf(file));
}

/** Returns the writes of a version's readme: undefined leaves it unchanged, an empty text removes it. */
export function readmeWrites(
  ref: PackageRef,
  { version, readme }: { readonly version: VersionName; readonly readme?: string | undefined },
): Write[] {
  if (readme === undefined) return [];
  const key = keys.readme(ref, version);
  return [readme === '' ? { delete: key } : { put: itemOf(key, { text: readme }) }];
}

/** Returns the write that sets a tag to a version. */
export function tagWrite(
  ref: PackageRef,
  tag: TagName,
  version: VersionName,
  now: number,
): { readonly put: Item } {
  const entity: Tag = { tag, version, createdAt: now, updatedAt: now };
  return { put: itemOf(keys.tag(ref, tag), entity) };
}

/** Returns the condition that a tag has the version that was read, or still does not exist. */
export function stillAt(tag: Tag | undefined): Condition {
  return tag ? { equals: { version: tag.version } } : { exists: false };
}

/**
 * Returns the write that lists a tag under its version, for versions apart from the lists: their packages may have many
 * tags, and those of one version are found without reading the others. An entry may be left of a tag that has moved.
 */
export function taggedWrites(
  version: Pick<Version, keyof PackageRef | 'version' | 'apart'>,
  tag: TagName,
): Write[] {
  return version.apart ? [{ put: itemOf(keys.tagged(version, version.version, tag), { tag }) }] : [];
}

/** The change of a package's head by a publish. */
export interface HeadChange {
  /** The version that is made or added to, if any. */
  readonly version?: VersionName;
  /** How many versions and subpackages are added. */
  readonly versions?: number;
  readonly subpackages?: number;
  /** The name of the package's umbrella from now on. */
  readonly umbrellaName?: PackageName | undefined;
  /** The revision at which the change was prepared, where it must still be that. */
  readonly revision?: number;
  /** Since when the project has held the name, if that is earlier than this change. */
  readonly heldSince?: number;
}

/**
 * Returns the head writes of a package that is not empty. `live` tells whether the name index had it when it was
 * read.
 */
export function liveHeadWrites(ref: PackageRef, now: number, live: boolean, change: HeadChange): Write[] {
  const { version, versions = 0, subpackages = 0, umbrellaName, revision, heldSince = now } = change;
  return moveHead(ref, now, {
    touched: version === undefined ? [] : [version],
    add: { versionCount: versions, ...(subpackages !== 0 && { [storedAs.subpackageCount]: subpackages }) },
    set: {
      projectId: ref.projectId,
      format: ref.format,
      name: ref.name,
      live: true,
      ...(!live && { heldSince, removedAt: undefined, removedBy: undefined }),
      ...(umbrellaName !== undefined && { [storedAs.umbrellaName]: umbrellaName }),
    },
    when: { equals: { live: live ? true : undefined, ...(revision !== undefined && { revision }) } },
  });
}

/**
 * Adds the name to the indexes that groups, the instance and lists read. A job that the event starts adds its
 * search words later.
 */
export function nameWrites(project: Project, ref: PackageRef, now: number): Write[] {
  const rootId = rootOf(project);
  const entry = { projectId: project.id, rootId, ancestors: project.ancestors };
  const found: NamedEntry = { ...entry, format: ref.format, name: ref.name };
  return [
    { put: itemOf(keys.name(ref, groupsOf(project)), entry) },
    ...namesOwnersOf(ref, rootId).map((owner): Write => ({ put: itemOf(keys.nameIn(owner, ref), found) })),
    nameEvent(project, ref, now, 'name_added'),
  ];
}

/** The facts of a new version in addition to its files. */
export interface NewVersionState {
  readonly readme?: string | undefined;
  readonly tags?: readonly TagName[];
  /** The tag to set as well if the package has no version yet. */
  readonly firstTag?: TagName | undefined;
  readonly umbrella?: { readonly name: PackageName } | undefined;
  /** The tags as they were read, if they must not have moved since. */
  readonly tagsRead?: ReadonlyMap<TagName, Tag> | undefined;
  /** Whether the name index had the package when it was read. */
  readonly live: boolean;
  /** Whether the version was claimed before. */
  readonly claimed: boolean;
}

/** Returns the writes that make a new version visible. */
export function newVersionWrites(
  project: Project,
  version: Version,
  { readme, tags = [], tagsRead, firstTag, umbrella, live, claimed }: NewVersionState,
  now: number,
): Write[] {
  const ref: PackageRef = { projectId: version.projectId, format: version.format, name: version.name };
  return [
    ...versionWrites(project, version, claimed),
    // A new version has no readme to remove.
    ...(readme ? readmeWrites(ref, { version: version.version, readme }) : []),
    ...[...new Set([...tags, ...(live || firstTag === undefined ? [] : [firstTag])])].flatMap((tag) => [
      { ...tagWrite(ref, tag, version.version, now), ...(tagsRead && { when: stillAt(tagsRead.get(tag)) }) },
      ...taggedWrites(version, tag),
    ]),
    ...liveHeadWrites(ref, now, live, {
      version: version.version,
      versions: 1,
      umbrellaName: umbrella?.name,
    }),
    ...(live ? [] : nameWrites(project, ref, now)),
    ...firstPublishWrites(project),
  ];
}

/** Returns the write that records that a project has published packages; none if that is recorded already. */
function firstPublishWrites({ id, published }: Project): Write[] {
  return published ? [] : [{ update: keys.project(id), set: { published: true }, when: { exists: true } }];
}

/** Removes the name from the indexes. */
export function nameRemovalWrites(project: Project, ref: PackageRef, now: number): Write[] {
  const rootId = rootOf(project);
  return [
    { delete: keys.name(ref, groupsOf(project)) },
    ...(project.ancestors.length > 1 ? [{ delete: keys.name(ref, [rootId]) }] : []),
    ...namesOwnersOf(ref, rootId).map((owner): Write => ({ delete: keys.nameIn(owner, ref) })),
    nameEvent(project, ref, now, 'name_removed'),
  ];
}

/** Returns the owners whose lists contain a name: its project, its root namespace, and the instance. */
export function namesOwnersOf(ref: PackageRef, rootId: number): readonly NamesOwner[] {
  return [{ kind: 'project', id: ref.projectId }, { kind: 'group', id: rootId }, 'instance'];
}

function nameEvent(
  project: Project,
  ref: PackageRef,
  now: number,
  type: 'name_added' | 'name_removed',
): Write {
  const { projectId, format, name } = ref;
  const about = { projectId, projectPath: project.fullPath, format, name, version: null };
  return recordEvent(now, { ...about, type, actor: system, details: { rootId: rootOf(project) } });
}
