import { describe, expect, test } from 'vitest';
import type { ContentDigest, Sha256 } from '../../../../services/domain/digests.ts';
import {
  nameLimits,
  parseFileIdentity,
  parseFullPath,
  parsePackageName,
  parseTagName,
  parseVersionName,
} from '../../../../services/domain/names.ts';
import type { PackageRef } from '../../../../services/domain/packages.ts';
import { MAX_KEY_BYTES } from '../../../../services/ports/table-rules.ts';
import {
  auditKey,
  type IndexRef,
  indexes,
  keys,
  type Owner,
  padId,
  ranges,
  versionByName,
} from '../../../../services/registry/records/keys.ts';
import { isOlderFile, packageOfKey } from '../../../../services/registry/records/parse-keys.ts';
import { named } from '../../../kit/names.ts';

/** Characters of one to four bytes, those that are escaped, and half of a pair. */
const characters = ['a', 'ü', '€', '🙂', '#', '%', '\ud800'];

const id = Number.MAX_SAFE_INTEGER;
const owner: Owner = { kind: 'project', id };
const signer = { kind: 'project', id } as const;
const sha256 = 'f'.repeat(64) as Sha256;
const digest = `sha512:${'f'.repeat(128)}` as ContentDigest;

/** The longest name of a kind that consists of one character; of `#` if the character can't be in a name. */
function longest<N>(limit: number, parse: (text: string) => N | undefined, character: string): N {
  for (let length = limit; length > 0; length--) {
    const name = parse(character.repeat(length)) ?? parse('#'.repeat(length)) ?? parse('a'.repeat(length));
    if (name !== undefined) return name;
  }
  throw new Error('no name');
}

/** The longest parts of keys. Text that is no name can have any length. */
function partsOf(character: string) {
  const name = longest(nameLimits.packageName, parsePackageName, character);
  const version = longest(nameLimits.version, parseVersionName, character);
  const ref: PackageRef = { projectId: id, format: 'f'.repeat(32), name };
  const text = character.repeat(4000);
  return {
    ref,
    name,
    version,
    text,
    tag: longest(nameLimits.tag, parseTagName, character),
    path: longest(nameLimits.fullPath, parseFullPath, character),
    identity: longest(nameLimits.fileName, parseFileIdentity, character),
    index: { projectId: id, format: ref.format, index: text } satisfies IndexRef,
  };
}

interface Built {
  readonly pk: string;
  readonly sk?: string;
  readonly prefix?: string;
}

/** As many groups as can be above a project. */
const groups = Array.from({ length: 20 }, () => Number.MAX_SAFE_INTEGER);

/** Every key, range and index with these parts. A builder that is missing here does not compile. */
function everyKey(parts: ReturnType<typeof partsOf>) {
  const { ref, name, version, text, tag, path, identity, index } = parts;
  const ofItems = {
    route: keys.route(path),
    user: keys.user(id),
    group: keys.group(id),
    project: keys.project(id),
    member: keys.member(owner, id),
    lastOwners: keys.lastOwners(id),
    ownedToken: keys.ownedToken(owner, id),
    token: keys.token(sha256),
    packageId: keys.packageId(id, id),
    versionId: keys.versionId({ projectId: id, id, apart: true }),
    packageBlob: keys.packageBlob(ref, digest),
    use: keys.use(ref, digest, id),
    uses: keys.uses(ref, id, id),
    unused: keys.unused(ref, 'version', digest),
    referrer: keys.referrer(ref, version, version),
    tagged: keys.tagged(ref, version, tag),
    upload: keys.upload('u'.repeat(32)),
    head: keys.head(ref),
    tag: keys.tag(ref, tag),
    version: keys.version(ref, version),
    readme: keys.readme(ref, version),
    file: keys.file(ref, version, identity),
    olderFile: keys.olderFile(ref, version, identity, id),
    expectedDigests: keys.expectedDigests(ref, version, identity),
    removedVersion: keys.removedVersion(ref, id),
    removedReadme: keys.removedReadme(ref, id),
    removedTag: keys.removedTag(ref, id, tag),
    subpackage: keys.subpackage(ref, name),
    change: keys.change(ref, 'c'.repeat(40)),
    document: keys.document(ref, `maven-snapshot-1#${version}#segments`),
    mergedDocument: keys.mergedDocument(ref, `maven-snapshot-1#${version}`, '255#segments'),
    name: keys.name(ref, groups),
    versionHolder: keys.versionHolder(ref, version, groups),
    nameOwner: keys.nameOwner(ref.format, name),
    boundPrefix: keys.boundPrefix(ref.format, name),
    word: keys.word(owner, text, ref),
    formerWord: keys.formerWord(owner, text, ref),
    nameIn: keys.nameIn(owner, ref),
    index: keys.index(index),
    stanza: keys.stanza(index, text, text, id),
    builtIndex: keys.builtIndex(index),
    indexLease: keys.indexLease(index),
    unlisted: keys.unlisted(index, id),
    indexDocument: keys.indexDocument(index, text, 'A'),
    indexAlias: keys.indexAlias(index, text),
    signingKey: keys.signingKey(signer, 'openpgp', id),
    blob: keys.blob(sha256),
    claim: keys.claim(id),
    removedProject: keys.removedProject(id),
    groupRemoval: keys.groupRemoval(id),
    groupMove: keys.groupMove(id),
    downloads: keys.downloads(id),
    lineage: keys.lineage(id),
    deployName: keys.deployName(path, id),
    deployNameGuard: keys.deployNameGuard(path),
    rootToken: keys.rootToken(),
    event: keys.event(id, 'e'.repeat(40)),
    counter: keys.counter('namespace'),
    job: keys.job('schedule-downloads'),
    storage: keys.storage(),
    schema: keys.schema(),
  } satisfies { readonly [K in keyof typeof keys]: ReturnType<(typeof keys)[K]> };
  const ofRanges = {
    members: ranges.members(owner),
    tokens: ranges.tokens(owner),
    packageIds: ranges.packageIds(id),
    idsApart: ranges.idsApart(id),
    packageBlobs: ranges.packageBlobs(ref),
    usesOf: ranges.usesOf(ref, digest),
    usesBy: ranges.usesBy(ref, id),
    referrers: ranges.referrers(ref, version),
    tagsOf: ranges.tagsOf(ref, version),
    tags: ranges.tags(ref),
    versions: ranges.versions(ref),
    files: ranges.files(ref),
    filesOf: ranges.filesOf(ref, version),
    removedVersions: ranges.removedVersions(ref),
    removedTags: ranges.removedTags(ref, id),
    subpackages: ranges.subpackages(ref),
    changes: ranges.changes(ref),
    names: ranges.names(ref.format, name, groups),
    versionHolders: ranges.versionHolders(ref.format, name, version, groups),
    ownerAndHolders: ranges.ownerAndHolders(ref.format, name),
    boundPrefixes: ranges.boundPrefixes(ref.format),
    words: ranges.words(owner, ref.format, text),
    formerWords: ranges.formerWords(owner, text),
    nameIn: ranges.nameIn(owner, ref.format, name),
    namesIn: ranges.namesIn(owner, ref.format),
    indexes: ranges.indexes(id, ref.format),
    stanzas: ranges.stanzas(index, text),
    unlisted: ranges.unlisted(index),
    indexDocuments: ranges.indexDocuments(index),
    indexAliases: ranges.indexAliases(index),
    signingKeys: ranges.signingKeys(signer, 'openpgp'),
    claims: ranges.claims(),
    deployNames: ranges.deployNames(path),
    removedProjects: ranges.removedProjects(),
    groupRemovals: ranges.groupRemovals(),
    groupMoves: ranges.groupMoves(),
    events: ranges.events(id),
  } satisfies { readonly [K in keyof typeof ranges]: ReturnType<(typeof ranges)[K]> };
  const ofIndexes = {
    users: indexes.users,
    ownedNames: { ...indexes.ownedNames(ref.format), sk: name },
    expectedDigests: indexes.expectedDigests,
    holding: { ...indexes.holding(digest), sk: `${padId(id)}#${padId(id)}#${ref.format}#${name}` },
    packageBlobsIn: { ...indexes.packageBlobsIn(id), sk: `${ref.format}#${name}#${digest}` },
    unused: {
      ...indexes.unused,
      sk: `${'t'.repeat(24)}#${keys.unused(ref, 'version', digest).pk}#${keys.unused(ref, 'version', digest).sk}`,
    },
    uploads: indexes.uploads,
    formerRoutes: indexes.formerRoutes,
    lastOwners: indexes.lastOwners,
    groups: indexes.groups('internal'),
    projects: indexes.projects('internal'),
    formerGroups: indexes.formerGroups,
    formerProjects: indexes.formerProjects,
    tokens: indexes.tokens,
    memberships: indexes.memberships(id),
    children: indexes.children(id),
    packagesByName: { ...indexes.packagesByName(id), sk: versionByName({ ...ref, version, id }) },
    formerPackagesByName: { ...indexes.formerPackagesByName(id), sk: `${name}#${version}#${padId(id)}` },
    packagesBelow: indexes.packagesBelow(id),
    stored: indexes.stored('f'),
    unreferenced: indexes.unreferenced,
    removedIn: indexes.removedIn(id),
    removed: indexes.removed,
    aliases: indexes.aliases(ref.format, text),
  } satisfies { readonly [K in keyof typeof indexes]: Built };
  const audit = auditKey({ id: 'e'.repeat(40), projectId: id, owner });
  return [
    ...Object.entries<Built>({ ...ofItems, audit }),
    ...Object.entries<Built>(ofRanges),
    ...Object.entries<Built>(ofIndexes),
  ];
}

describe.each(characters)('a key of the longest parts, which consist of %j', (character) => {
  test('is not too long for the table', () => {
    for (const [kind, key] of everyKey(partsOf(character))) {
      for (const part of [key.pk, key.sk, key.prefix]) {
        if (part === undefined) continue;
        expect(part.isWellFormed(), kind).toBe(true);
        expect(Buffer.byteLength(part), kind).toBeLessThanOrEqual(MAX_KEY_BYTES);
      }
    }
  });

  test('names its package', () => {
    const { ref } = partsOf(character);
    expect(packageOfKey(keys.head(ref))).toEqual(ref);
  });
});

describe('a part that is too long', () => {
  const ref: PackageRef = { projectId: 1, format: 'generic', name: named.package('tool') };
  const version = named.version('1.0');
  const long = named.identity('a'.repeat(1020));

  test('is shortened, and stays different from parts with the same beginning', () => {
    const other = named.identity(`${'a'.repeat(1019)}b`);
    const [one, two] = [long, other].map((identity) => keys.file(ref, version, identity).sk);
    expect(one).toMatch(/^FILE#1\.0#a{100,}%sha256:[0-9a-f]{64}$/);
    expect(two).not.toBe(one);
    // Nobody can write the shortened part itself.
    const written = named.identity(String(one).slice('FILE#1.0#'.length));
    expect(keys.file(ref, version, written).sk).not.toBe(one);
  });

  test('does not change what the other parts say', () => {
    expect(isOlderFile(keys.file(ref, version, long))).toBe(false);
    const older = keys.olderFile(ref, version, long, 7);
    expect(isOlderFile(older)).toBe(true);
    expect(older.sk).toMatch(/#0000000000000007$/);
    expect(older.sk.startsWith(ranges.filesOf(ref, version).prefix)).toBe(true);
  });

  test('is shortened only where it must be', () => {
    const identity = named.identity('a'.repeat(MAX_KEY_BYTES - 'FILE#1.0#'.length));
    expect(keys.file(ref, version, identity).sk).toBe(`FILE#1.0#${identity}`);
  });
});
