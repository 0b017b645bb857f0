/**
 * Every key of the registry table. All keys are built here and in `ranges.ts`.
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
 *     PROJECT#<id>                     APART#<id>                the same for a version outside the lists of packages
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
 *                                      BLOB#<digest>             bytes that the package holds by digest   index1 by digest,
 *                                                                index2 by project
 *                                      USE#<digest>#<version id> a version that uses them, or that uses another version
 *                                      USES#<version id>#<n>     digests that a version uses
 *                                      UNUSED#<kind>#<digest>    what may be unused by now, index2 by time
 *                                      REFERRER#<version>#<version>  a version that describes another one
 *                                      TAGGED#<version>#<tag>    a tag of a version outside the lists
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
 *     UPLOAD#<id>                      META                      an upload in parts, index2 by its end
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
import type { ContentDigest, Sha256 } from '../../domain/digests.ts';
import type { FileIdentity, FullPath, PackageName, TagName, VersionName } from '../../domain/names.ts';
import type { PackageRef, Version } from '../../domain/packages.ts';
import type { KeyOwner } from '../../ports/signer.ts';
import type { Key } from '../../ports/table.ts';

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

export * from './key-parts.ts';
export type { IndexRef, NamesOwner, Owner } from './partition-keys.ts';
export * from './ranges.ts';

const META = 'META';

/** Each document has two slots: a new one is prepared in one slot while the other one is served. */
export const documentSlots = ['A', 'B'] as const;
/** See `documentSlots`. */
export type DocumentSlot = (typeof documentSlots)[number];

/** The sort key at which a tag would be, for any text: lists continue after it. */
export function tagPosition(text: string): string {
  return `TAG#${text.slice(0, 300)}`;
}

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
  /** A version by its id. Those that stay out of the lists of packages have a range of their own. */
  versionId: ({ projectId, id, apart }: Pick<Version, 'projectId' | 'id' | 'apart'>): Key => ({
    pk: `PROJECT#${projectId}`,
    sk: `${apart ? 'APART' : 'PACKAGE'}#${padId(id)}`,
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
  signingKey: (owner: KeyOwner, algorithm: string, number: number): Key => ({
    pk: `SIGNER#${ownerPartition(owner)}`,
    sk: `${algorithm}#${padId(number)}`,
  }),
  packageBlob: (ref: PackageRef, digest: ContentDigest): Key => ({
    pk: packagePartition(ref),
    sk: `BLOB#${digest}`,
  }),
  use: (ref: PackageRef, digest: ContentDigest, userId: number): Key => ({
    pk: packagePartition(ref),
    sk: `USE#${digest}#${padId(userId)}`,
  }),
  uses: (ref: PackageRef, userId: number, part: number): Key => ({
    pk: packagePartition(ref),
    sk: `USES#${padId(userId)}#${padId(part)}`,
  }),
  unused: (ref: PackageRef, kind: 'blob' | 'version' | 'uses', what: string): Key => ({
    pk: packagePartition(ref),
    sk: `UNUSED#${kind}#${what}`,
  }),
  referrer: (ref: PackageRef, subject: VersionName, referrer: VersionName): Key => ({
    pk: packagePartition(ref),
    sk: `REFERRER#${escapePart(subject)}#${escapePart(referrer)}`,
  }),
  tagged: (ref: PackageRef, version: VersionName, tag: TagName): Key => ({
    pk: packagePartition(ref),
    sk: `TAGGED#${escapePart(version)}#${tag}`,
  }),
  upload: (id: string): Key => ({ pk: `UPLOAD#${id}`, sk: META }),
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
