/**
 * Every key of the registry table. All keys are built here.
 *
 *     ROUTE#<path>                     META                      who has the path, or had it: then index2 FORMER
 *     USER#<id>                        META                      user                    index1 USERS
 *     USER#<id>                        TOKEN#<id>                a token that acts as the user
 *     GROUP#<id>                       META                      group or user namespace index1 by visibility, index2 children
 *     GROUP#<id>                       MEMBER#<user>             member                  index1 memberships of the user
 *     GROUP#<id>                       TOKEN#<id>                group or deploy token
 *     GROUP#<id>                       OWNERS                    who owned a deleted group, index2 by end of reservation
 *     PROJECT#<id>                     META                      project                 index1 by visibility, index2 children
 *     PROJECT#<id>                     MEMBER#<user>             member                  index1 memberships of the user
 *     PROJECT#<id>                     TOKEN#<id>                project or deploy token
 *     PROJECT#<id>                     PACKAGE#<id>              version by its id       index1 by name, index2 by root
 *     PROJECT#<id>                     INDEX#<fmt>#<index>       an index over the project's packages: its revision
 *     TOKEN#<sha256>                   META                      token, by the digest of its secret, index1 TOKENS
 *     DEPLOYNAME#<name>                META                      how many deploy tokens got the user name
 *                                      <token id>                a deploy token that has it
 *     LINEAGE#<token id>               META                      when a token ends with its rotations
 *     PACKAGE#<project>#<fmt>#<name>   HEAD                      revision, count
 *                                      TAG#<tag>                 tag
 *                                      VERSION#<version>         version
 *                                      README#<version>          its readme
 *                                      FILE#<version>#<file>     current file of the identity, index1 by alias
 *                                      FILE#<version>#<file>#<id> an older copy of the identity, or a removed file
 *                                                                (index1 by project, index2 due)
 *                                      EXPECTED#<version>#<file>  digests that came before their file, index2 by time
 *                                      REMOVED#<id>              a removed version        index1 by project, index2 due
 *                                      REMOVED#<id>#README       its readme
 *                                      REMOVED#<id>#TAG#<tag>    a tag of it that did not fit into its record
 *                                      LISTED#<package>          a subpackage of this name
 *                                      CHANGE#<change id>        the versions that one revision changed
 *                                      DOCUMENT#<kind>           rendered index of a revision, its other chunks
 *                                                                (#1), its segments (#segments, #s0)
 *     MERGED#<format>#<name>           DOCUMENT#<kind>#<slot>    an index rendered from several projects
 *     NAME#<format>#<name>             #OWNER                    the root namespace that owns it  index1 by format
 *                                      <root>/<group>/...#<project>  a project that holds the name, by the groups above it
 *     HOLDERS#<format>#<name>          <version>#<root>/...#<project>  a project that holds the version
 *     BOUND#<format>                   <prefix>                  the root namespace that a prefix of names is bound to
 *     WORD#<owner>#<fmt>               <word>#<name>#<project>   a word of a name, for searches; owners as for NAMES
 *     NAMES#<project, root or INSTANCE> <fmt>#<name>#<project>    every name, in order
 *     BLOB#<sha256>                    META                      references, storage key index1 STORED#<hex digit> by
 *                                                                storage key,            index2 UNREFERENCED
 *     STANZAS#<project>#<fmt>#<index>#<partition>  <key>#<file>  a stanza of a file
 *     INDEX#<project>#<fmt>#<index>    BUILT                     the revision of the documents
 *                                      LEASE                     the current builder, and when its lease ends
 *                                      UNLISTED#<version id>     a version left out of the index
 *                                      DOCUMENT#<name>#<A or B>  a document: the served one, and the previous or next one
 *                                      ALIAS#<name>              a document by the name derived from its digest
 *     SIGNER#<owner>                   <algorithm>#<number>      a signing key, with its private key encrypted
 *     ROOT                             TOKEN                     the bootstrap token
 *     DOWNLOADS#<version id>           META                      downloads: total, by day, last
 *     CLAIMS                           <version id>              a version whose files are still being published
 *     DELETED                          <id>                      a removed project
 *     REMOVALS                         <id>                      a group that is being deleted with all below it
 *     MOVES                            <id>                      a group whose new path or name is not yet below it
 *     EVENT#<shard>                    <event id>                outbox
 *     COUNTER#<kind>                   META                      next id
 *     JOB#<name>                       META                      progress of a long job
 *     STORAGE                          META                      current and previous storage location of blobs
 *     SCHEMA                           META                      version of the record layout, a number
 *
 * The audit table holds only events: PROJECT#<id>, GROUP#<id> or USER#<id> / <event id>.
 *
 * The identity of a file is its name unless its format defines another (`identityOf`). PyPI files stored before
 * identities existed are stored under their names, without the attribute `identity`. A version is normalized by its
 * format; until the upgrade to schema 6 has finished, PyPI has versions, and identities, as publishers spelled them.
 *
 * Parts chosen by users are escaped, so they never contain `#`. Ids in sort keys are padded to sort as numbers. No key
 * is longer than the table allows: names have maximum lengths, and other parts, and file names that leave too little
 * room, are shortened by a digest.
 */
import type { Visibility } from '../../domain/access.ts';
import type { Sha256 } from '../../domain/digests.ts';
import type { FileIdentity, FullPath, PackageName, TagName, VersionName } from '../../domain/names.ts';
import type { PackageRef } from '../../domain/packages.ts';
import type { Key } from '../../ports/table.ts';

import { escapePart, fitted, groupPath, padId } from './key-parts.ts';

export * from './key-parts.ts';

const META = 'META';
const DELETED = 'DELETED';
const CLAIMS = 'CLAIMS';
/** Sorts before all holders of the name, so that the first item of the partition tells whether there is an owner. */
const OWNER = '#OWNER';

/** The most bytes of an index's name that is followed by another part. */
const INDEX_ROOM = 300;

/** The owner of members and tokens. */
export type Owner = { readonly kind: 'group' | 'project' | 'user'; readonly id: number };

function ownerPartition(owner: Owner): string {
  return `${owner.kind.toUpperCase()}#${owner.id}`;
}

/** The owner of a name index: a project, a root namespace (including everything below it), or the instance. */
export type NamesOwner = Owner | 'instance';

function namesPartition(kind: 'WORD' | 'NAMES', owner: NamesOwner): string {
  return `${kind}#${owner === 'instance' ? 'INSTANCE' : ownerPartition(owner)}`;
}

function namePartition(format: string, name: PackageName): string {
  return `NAME#${format}#${escapePart(name)}`;
}

function packagePartition(ref: PackageRef): string {
  return `PACKAGE#${ref.projectId}#${ref.format}#${escapePart(ref.name)}`;
}

function filePrefix(version: VersionName): string {
  return `FILE#${escapePart(version)}#`;
}

/** Identifies an index over all packages of one format in a project. */
export interface IndexRef {
  readonly projectId: number;
  readonly format: string;
  /** See `StanzaPosition`. */
  readonly index: string;
}

function indexPartition(ref: IndexRef): string {
  return fitted(`INDEX#${ref.projectId}#${ref.format}#`, ref.index);
}

function stanzaPartition(ref: IndexRef, partition: string): string {
  const index = fitted('', ref.index, '', INDEX_ROOM);
  return fitted(`STANZAS#${ref.projectId}#${ref.format}#${index}#`, partition);
}

/** Each document has two slots: a new one is prepared in one slot while the other one is served. */
export const documentSlots = ['A', 'B'] as const;
/** See `documentSlots`. */
export type DocumentSlot = (typeof documentSlots)[number];

/** Keys of single items. */
export const keys = {
  route: (path: FullPath): Key => ({ pk: `ROUTE#${path.toLowerCase()}`, sk: META }),
  user: (id: number): Key => ({ pk: `USER#${id}`, sk: META }),
  group: (id: number): Key => ({ pk: `GROUP#${id}`, sk: META }),
  project: (id: number): Key => ({ pk: `PROJECT#${id}`, sk: META }),
  member: (owner: Owner, userId: number): Key => ({
    pk: ownerPartition(owner),
    sk: `MEMBER#${padId(userId)}`,
  }),
  lastOwners: (groupId: number): Key => ({ pk: `GROUP#${groupId}`, sk: 'OWNERS' }),
  ownedToken: (owner: Owner, tokenId: number): Key => ({
    pk: ownerPartition(owner),
    sk: `TOKEN#${padId(tokenId)}`,
  }),
  token: (sha256: string): Key => ({ pk: `TOKEN#${sha256}`, sk: META }),
  deployName: (name: FullPath, tokenId: number): Key => ({
    pk: `DEPLOYNAME#${name.toLowerCase()}`,
    sk: padId(tokenId),
  }),
  deployNameGuard: (name: FullPath): Key => ({ pk: `DEPLOYNAME#${name.toLowerCase()}`, sk: META }),
  lineage: (id: number): Key => ({ pk: `LINEAGE#${id}`, sk: META }),
  packageId: (projectId: number, id: number): Key => ({
    pk: `PROJECT#${projectId}`,
    sk: `PACKAGE#${padId(id)}`,
  }),
  head: (ref: PackageRef): Key => ({ pk: packagePartition(ref), sk: 'HEAD' }),
  tag: (ref: PackageRef, tag: TagName): Key => ({ pk: packagePartition(ref), sk: `TAG#${tag}` }),
  version: (ref: PackageRef, version: VersionName): Key => ({
    pk: packagePartition(ref),
    sk: `VERSION#${escapePart(version)}`,
  }),
  readme: (ref: PackageRef, version: VersionName): Key => ({
    pk: packagePartition(ref),
    sk: `README#${escapePart(version)}`,
  }),
  file: (ref: PackageRef, version: VersionName, identity: FileIdentity): Key => ({
    pk: packagePartition(ref),
    sk: fitted(filePrefix(version), identity),
  }),
  olderFile: (ref: PackageRef, version: VersionName, identity: FileIdentity, id: number): Key => ({
    pk: packagePartition(ref),
    sk: fitted(filePrefix(version), identity, `#${padId(id)}`),
  }),
  expectedDigests: (ref: PackageRef, version: VersionName, identity: FileIdentity): Key => ({
    pk: packagePartition(ref),
    sk: fitted(`EXPECTED#${escapePart(version)}#`, identity),
  }),
  removedVersion: (ref: PackageRef, id: number): Key => ({
    pk: packagePartition(ref),
    sk: `REMOVED#${padId(id)}`,
  }),
  removedReadme: (ref: PackageRef, id: number): Key => ({
    pk: packagePartition(ref),
    sk: `REMOVED#${padId(id)}#README`,
  }),
  removedTag: (ref: PackageRef, id: number, tag: TagName): Key => ({
    pk: packagePartition(ref),
    sk: `REMOVED#${padId(id)}#TAG#${tag}`,
  }),
  subpackage: (ref: PackageRef, name: PackageName): Key => ({
    pk: packagePartition(ref),
    sk: `LISTED#${escapePart(name)}`,
  }),
  change: (ref: PackageRef, id: string): Key => ({ pk: packagePartition(ref), sk: `CHANGE#${id}` }),
  document: (ref: PackageRef, kind: string): Key => ({ pk: packagePartition(ref), sk: `DOCUMENT#${kind}` }),
  mergedDocument: (
    { format, name }: Pick<PackageRef, 'format' | 'name'>,
    kind: string,
    slot: string,
  ): Key => ({
    pk: `MERGED#${format}#${escapePart(name)}`,
    sk: `DOCUMENT#${kind}#${slot}`,
  }),
  name: (ref: PackageRef, groups: readonly number[]): Key => ({
    pk: namePartition(ref.format, ref.name),
    sk: `${groupPath(groups)}#${padId(ref.projectId)}`,
  }),
  versionHolder: (ref: PackageRef, version: VersionName, groups: readonly number[]): Key => ({
    pk: `HOLDERS#${ref.format}#${escapePart(ref.name)}`,
    sk: `${escapePart(version)}#${groupPath(groups)}#${padId(ref.projectId)}`,
  }),
  nameOwner: (format: string, name: PackageName): Key => ({ pk: namePartition(format, name), sk: OWNER }),
  boundPrefix: (format: string, prefix: PackageName): Key => ({
    pk: `BOUND#${format}`,
    sk: escapePart(prefix),
  }),
  word: (owner: NamesOwner, word: string, ref: PackageRef): Key => ({
    pk: `${namesPartition('WORD', owner)}#${ref.format}`,
    sk: fitted('', word, `#${escapePart(ref.name)}#${padId(ref.projectId)}`),
  }),
  /** A word as stored before schema 4, with the name in attributes. */
  formerWord: (owner: NamesOwner, word: string, ref: PackageRef): Key => ({
    pk: namesPartition('WORD', owner),
    sk: fitted('', word, `#${ref.format}#${escapePart(ref.name)}#${padId(ref.projectId)}`),
  }),
  nameIn: (owner: NamesOwner, ref: PackageRef): Key => ({
    pk: namesPartition('NAMES', owner),
    sk: `${ref.format}#${escapePart(ref.name)}#${padId(ref.projectId)}`,
  }),
  index: ({ projectId, format, index }: IndexRef): Key => ({
    pk: `PROJECT#${projectId}`,
    sk: fitted(`INDEX#${format}#`, index),
  }),
  stanza: (ref: IndexRef, partition: string, key: string, fileId: number): Key => ({
    pk: stanzaPartition(ref, partition),
    sk: fitted('', key, `#${padId(fileId)}`),
  }),
  builtIndex: (ref: IndexRef): Key => ({ pk: indexPartition(ref), sk: 'BUILT' }),
  indexLease: (ref: IndexRef): Key => ({ pk: indexPartition(ref), sk: 'LEASE' }),
  unlisted: (ref: IndexRef, versionId: number): Key => ({
    pk: indexPartition(ref),
    sk: `UNLISTED#${padId(versionId)}`,
  }),
  indexDocument: (ref: IndexRef, name: string, slot: DocumentSlot): Key => ({
    pk: indexPartition(ref),
    sk: fitted('DOCUMENT#', name, `#${slot}`),
  }),
  indexAlias: (ref: IndexRef, name: string): Key => ({
    pk: indexPartition(ref),
    sk: fitted('ALIAS#', name),
  }),
  signingKey: (owner: Owner, algorithm: string, number: number): Key => ({
    pk: `SIGNER#${ownerPartition(owner)}`,
    sk: `${algorithm}#${padId(number)}`,
  }),
  blob: (sha256: Sha256): Key => ({ pk: `BLOB#${sha256}`, sk: META }),
  claim: (versionId: number): Key => ({ pk: CLAIMS, sk: padId(versionId) }),
  removedProject: (id: number): Key => ({ pk: DELETED, sk: padId(id) }),
  groupRemoval: (id: number): Key => ({ pk: 'REMOVALS', sk: padId(id) }),
  groupMove: (id: number): Key => ({ pk: 'MOVES', sk: padId(id) }),
  downloads: (versionId: number): Key => ({ pk: `DOWNLOADS#${versionId}`, sk: META }),
  rootToken: (): Key => ({ pk: 'ROOT', sk: 'TOKEN' }),
  event: (shard: number, eventId: string): Key => ({ pk: `EVENT#${shard}`, sk: eventId }),
  counter: (kind: string): Key => ({ pk: `COUNTER#${kind}`, sk: META }),
  job: (name: string): Key => ({ pk: `JOB#${name}`, sk: META }),
  storage: (): Key => ({ pk: 'STORAGE', sk: META }),
  schema: (): Key => ({ pk: 'SCHEMA', sk: META }),
};

/** The key of an event in the audit table. */
export function auditKey(event: {
  readonly id: string;
  readonly projectId: number;
  readonly owner?: Owner;
}): Key {
  return { pk: ownerPartition(event.owner ?? { kind: 'project', id: event.projectId }), sk: event.id };
}

/** Ranges of the base table: a partition, and a prefix of its sort keys. */
export const ranges = {
  members: (owner: Owner) => ({ pk: ownerPartition(owner), prefix: 'MEMBER#' }),
  tokens: (owner: Owner) => ({ pk: ownerPartition(owner), prefix: 'TOKEN#' }),
  packageIds: (projectId: number) => ({ pk: `PROJECT#${projectId}`, prefix: 'PACKAGE#' }),
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
  signingKeys: (owner: Owner, algorithm?: string) => ({
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
  /** Digests that came before their files, by time. */
  expectedDigests: { index: 'index2', pk: 'EXPECTED' },
  /** Paths that their group or project no longer has, by the end of their reservation. */
  formerRoutes: { index: 'index2', pk: 'FORMER' },
  /** The last owners of deleted groups, by the end of the reservation of their paths. */
  lastOwners: { index: 'index2', pk: 'LAST_OWNERS' },
  /** Files of a format that have an alias, across all projects. */
  aliases: (format: string, alias: string) => in1(fitted(`ALIAS#${format}#`, alias)),
} as const;
