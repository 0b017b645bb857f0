/** Ranges of the registry table and of its two indexes. */
import type { Visibility } from '../../domain/access.ts';
import type { ContentDigest } from '../../domain/digests.ts';
import type { FullPath, PackageName, VersionName } from '../../domain/names.ts';
import type { PackageRef } from '../../domain/packages.ts';
import type { KeyOwner } from '../../ports/signer.ts';
import { escapePart, fitted, groupPath, padId } from './key-parts.ts';
import {
  CLAIMS,
  DELETED,
  filePrefix,
  type IndexRef,
  indexPartition,
  type NamesOwner,
  namePartition,
  namesPartition,
  OWNER,
  type Owner,
  ownerPartition,
  packagePartition,
  stanzaPartition,
} from './partition-keys.ts';

/** Ranges of the base table: a partition, and a prefix of its sort keys. */
export const ranges = {
  members: (owner: Owner) => ({ pk: ownerPartition(owner), prefix: 'MEMBER#' }),
  tokens: (owner: Owner) => ({ pk: ownerPartition(owner), prefix: 'TOKEN#' }),
  packageIds: (projectId: number) => ({ pk: `PROJECT#${projectId}`, prefix: 'PACKAGE#' }),
  /** Versions by their ids that stay out of the lists of packages. */
  idsApart: (projectId: number) => ({ pk: `PROJECT#${projectId}`, prefix: 'APART#' }),
  tags: (ref: PackageRef) => ({ pk: packagePartition(ref), prefix: 'TAG#' }),
  versions: (ref: PackageRef) => ({ pk: packagePartition(ref), prefix: 'VERSION#' }),
  files: (ref: PackageRef) => ({ pk: packagePartition(ref), prefix: 'FILE#' }),
  filesOf: (ref: PackageRef, version: VersionName) => ({
    pk: packagePartition(ref),
    prefix: filePrefix(version),
  }),
  removedVersions: (ref: PackageRef) => ({ pk: packagePartition(ref), prefix: 'REMOVED#' }),
  removedTags: (ref: PackageRef, id: number) => ({
    pk: packagePartition(ref),
    prefix: `REMOVED#${padId(id)}#TAG#`,
  }),
  packageBlobs: (ref: PackageRef) => ({ pk: packagePartition(ref), prefix: 'BLOB#' }),
  /** The versions that use some bytes or another version. */
  usesOf: (ref: PackageRef, digest: ContentDigest) => ({
    pk: packagePartition(ref),
    prefix: `USE#${digest}#`,
  }),
  usesBy: (ref: PackageRef, userId: number) => ({
    pk: packagePartition(ref),
    prefix: `USES#${padId(userId)}#`,
  }),
  referrers: (ref: PackageRef, subject: VersionName) => ({
    pk: packagePartition(ref),
    prefix: `REFERRER#${escapePart(subject)}#`,
  }),
  tagsOf: (ref: PackageRef, version: VersionName) => ({
    pk: packagePartition(ref),
    prefix: `TAGGED#${escapePart(version)}#`,
  }),
  subpackages: (ref: PackageRef) => ({ pk: packagePartition(ref), prefix: 'LISTED#' }),
  changes: (ref: PackageRef) => ({ pk: packagePartition(ref), prefix: 'CHANGE#' }),
  /** The projects that hold a name: in the whole instance, or below a group, given with the groups above it. */
  names: (format: string, name: PackageName, groups: readonly number[] = []) => ({
    pk: namePartition(format, name),
    ...(groups.length === 0 ? { after: OWNER } : { prefix: groupPath(groups) }),
  }),
  /** The projects below a group that hold a version. */
  versionHolders: (format: string, name: PackageName, version: VersionName, groups: readonly number[]) => ({
    pk: `HOLDERS#${format}#${escapePart(name)}`,
    prefix: `${escapePart(version)}#${groupPath(groups)}`,
  }),
  /** The owner of a name, if it has one, then the projects that hold it. */
  ownerAndHolders: (format: string, name: PackageName) => ({ pk: namePartition(format, name) }),
  boundPrefixes: (format: string) => ({ pk: `BOUND#${format}` }),
  words: (owner: NamesOwner, format: string, start: string) => ({
    pk: `${namesPartition('WORD', owner)}#${format}`,
    prefix: fitted('', start),
  }),
  /** Words as stored before schema 4. */
  formerWords: (owner: NamesOwner, start: string) => ({
    pk: namesPartition('WORD', owner),
    prefix: fitted('', start),
  }),
  namesIn: (owner: NamesOwner, format: string) => ({
    pk: namesPartition('NAMES', owner),
    prefix: `${format}#`,
  }),
  /** The projects that hold a name, among those of the owner. */
  nameIn: (owner: NamesOwner, format: string, name: PackageName) => ({
    pk: namesPartition('NAMES', owner),
    prefix: `${format}#${escapePart(name)}#`,
  }),
  indexes: (projectId: number, format?: string) => ({
    pk: `PROJECT#${projectId}`,
    prefix: format === undefined ? 'INDEX#' : `INDEX#${format}#`,
  }),
  stanzas: (ref: IndexRef, partition: string) => ({ pk: stanzaPartition(ref, partition) }),
  unlisted: (ref: IndexRef) => ({ pk: indexPartition(ref), prefix: 'UNLISTED#' }),
  indexDocuments: (ref: IndexRef) => ({ pk: indexPartition(ref), prefix: 'DOCUMENT#' }),
  indexAliases: (ref: IndexRef) => ({ pk: indexPartition(ref), prefix: 'ALIAS#' }),
  signingKeys: (owner: KeyOwner, algorithm?: string) => ({
    pk: `SIGNER#${ownerPartition(owner)}`,
    ...(algorithm === undefined ? {} : { prefix: `${algorithm}#` }),
  }),
  /** The deploy tokens that have a user name, then the guard of the name. */
  deployNames: (name: FullPath) => ({ pk: `DEPLOYNAME#${name.toLowerCase()}` }),
  claims: () => ({ pk: CLAIMS }),
  removedProjects: () => ({ pk: DELETED }),
  groupRemovals: () => ({ pk: 'REMOVALS' }),
  groupMoves: () => ({ pk: 'MOVES' }),
  events: (shard: number) => ({ pk: `EVENT#${shard}` }),
};

const in1 = (pk: string) => ({ index: 'index1', pk }) as const;
const in2 = (pk: string) => ({ index: 'index2', pk }) as const;

/** Ranges of the two indexes. */
export const indexes = {
  users: { index: 'index1', pk: 'USERS' },
  /** Groups, and projects, of a visibility by id: most callers see only few private ones. */
  groups: (visibility: Visibility) => in1(`GROUPS#${visibility}`),
  projects: (visibility: Visibility) => in1(`PROJECTS#${visibility}`),
  /** All groups, and projects, as stored before schema 7. */
  formerGroups: { index: 'index1', pk: 'GROUPS' },
  formerProjects: { index: 'index1', pk: 'PROJECTS' },
  tokens: { index: 'index1', pk: 'TOKENS' },
  memberships: (userId: number) => in1(`MEMBERSHIPS#${userId}`),
  children: (groupId: number) => in2(`CHILDREN#${groupId}`),
  /** Versions in a project by format, then by name in lower case. */
  packagesByName: (projectId: number) => in1(`VERSIONS#${projectId}`),
  /** Like `packagesByName`, as stored before schema 4: by name as it is spelled. */
  formerPackagesByName: (projectId: number) => in1(`PACKAGES#${projectId}`),
  packagesBelow: (rootId: number) => in2(`PACKAGES#${rootId}`),
  /** Blobs whose storage keys start with the same digit, in the order in which blob stores list them. */
  stored: (digit: string) => in1(`STORED#${digit}`),
  unreferenced: { index: 'index2', pk: 'UNREFERENCED' },
  /** Names of a format that have or had an owner, by name. */
  ownedNames: (format: string) => in1(`OWNERS#${format}`),
  /** Removed versions and files of a project, in order of removal. */
  removedIn: (projectId: number) => in1(`REMOVED#${projectId}`),
  /** Removed versions and files of all projects, by the time at which they are due to be purged. */
  removed: { index: 'index2', pk: 'REMOVED' },
  /** Packages that hold some bytes by their digest: by root namespace, then project. */
  holding: (digest: ContentDigest) => in1(`HELD#${digest}`),
  /** All bytes that packages of a project hold by their digests. */
  packageBlobsIn: (projectId: number) => in2(`HELD#${projectId}`),
  /** What may be unused, by the time from which it can be collected. */
  unused: { index: 'index2', pk: 'UNUSED' },
  /** Uploads in parts, by the time at which they end. */
  uploads: { index: 'index2', pk: 'UPLOADS' },
  /** Digests that came before their files, by time. */
  expectedDigests: { index: 'index2', pk: 'EXPECTED' },
  /** Paths that their group or project no longer has, by the end of their reservation. */
  formerRoutes: { index: 'index2', pk: 'FORMER' },
  /** The last owners of deleted groups, by the end of the reservation of their paths. */
  lastOwners: { index: 'index2', pk: 'LAST_OWNERS' },
  /** Files of a format that have an alias, across all projects. */
  aliases: (format: string, alias: string) => in1(fitted(`ALIAS#${format}#`, alias)),
} as const;
