import type { Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { PackageFile, PackageRef, Tag, Version } from '../../domain/packages.ts';
import { type Condition, type Item, MAX_WRITES, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { recordEvent } from '../events/record-event.ts';
import {
  type BlobRecord,
  entityOf,
  maybeEntity,
  type StoredHead,
  type StoredVersion,
} from '../records/entities.ts';
import { indexes, inIndex2, keys, ranges } from '../records/keys.ts';
import { queryAll } from '../records/query-all.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { unlistingWrites } from './listings.ts';
import { moveHead } from './move-head.ts';
import { unlistWrites } from './package-writes.ts';
import { eventFacts } from './publish-version.ts';

/** Which version to delete, and who does it. */
export interface Deletion {
  readonly project: Project;
  readonly actor: Actor;
  readonly format: string;
  readonly name: string;
  readonly version: string;
  /** Only the version of this id, and not one that was published in its place. */
  readonly id?: number;
}

/** How many files one transaction deletes, two writes each; the rest is for the version, its tags and its name. */
const FILES_AT_ONCE = 15;

/**
 * Deletes a version with its files and the tags that name it. Its bytes stay until the sweep finds that nothing
 * refers to them. A version of very many files loses them in several transactions, the version itself in the last,
 * which holds only while nothing was added to the version since its files and tags were read: what was goes with it, or
 * comes after it.
 * @throws RegistryError `packageNotFound` when there is no such version.
 */
export async function deleteVersion(registry: Registry, input: Deletion): Promise<void> {
  const ref: PackageRef = { projectId: input.project.id, format: input.format, name: input.name };
  await retryChanged(async () => {
    const [headItem, versionItem] = await registry.table.getMany([
      keys.head(ref),
      keys.version(ref, input.version),
    ]);
    const head = maybeEntity<StoredHead>(headItem);
    const version = maybeEntity<StoredVersion>(versionItem);
    if (!head || !version || version.id !== (input.id ?? version.id)) {
      throw new RegistryError('packageNotFound');
    }
    const all = await queryAll(registry.table, ranges.filesOf(ref, input.version));
    const files = all.map((item) => ({
      key: { pk: item.pk, sk: item.sk },
      file: entityOf<PackageFile>(item),
    }));
    for (let rest = files; ; rest = rest.slice(FILES_AT_ONCE)) {
      const batch = rest.slice(0, FILES_AT_ONCE);
      const releases = await releaseBlobs(
        registry,
        batch.map(({ file }) => file),
      );
      const writes = [
        ...batch.map(({ key, file }): Write => ({ delete: key, when: { equals: { id: file.id } } })),
        ...releases,
      ];
      const last = rest.length <= FILES_AT_ONCE;
      await registry.table.write([
        ...writes,
        ...(last ? await versionDeletes(registry, input, head, version) : []),
      ]);
      if (last) break;
    }
    if (head.versionCount > FEW_VERSIONS) await unlistEmpty(registry, input, ref);
  });
  const { project, format, name, version } = input;
  registry.log.info('package deleted', { project: project.id, format, package: name, version });
}

/** Deletes every version of a package; answers how many there were. */
export async function deletePackage(
  registry: Registry,
  input: Omit<Deletion, 'version' | 'id'>,
): Promise<number> {
  const ref: PackageRef = { projectId: input.project.id, format: input.format, name: input.name };
  const items = await queryAll(registry.table, ranges.versions(ref));
  for (const item of items) {
    const { version } = entityOf<Version>(item);
    try {
      await deleteVersion(registry, { ...input, version });
    } catch (error) {
      if (!(error instanceof RegistryError && error.code === 'packageNotFound')) throw error;
    }
  }
  return items.length;
}

async function versionDeletes(
  registry: Registry,
  input: Deletion,
  head: StoredHead,
  version: StoredVersion,
): Promise<Write[]> {
  const now = registry.clock.now();
  const ref: PackageRef = head;
  const tagItems = await queryAll(registry.table, ranges.tags(ref));
  const last = head.versionCount <= 1;
  const empty = last && (head.listedCount ?? 0) <= 0;
  const gone = tagItems.map((item) => entityOf<Tag>(item)).filter((tag) => tag.version === version.version);
  const writes: Write[] = [
    ...moveHead(ref, now, {
      touched: [version.version],
      add: { versionCount: -1 },
      set: { live: empty ? undefined : true, ...(last && { listedBy: undefined }) },
      when: { equals: last ? { revision: head.revision } : stillMore(head) },
    }),
    { delete: keys.version(ref, version.version), when: asRead(version) },
    { delete: keys.packageId(ref.projectId, version.id) },
    { delete: keys.readme(ref, version.version) },
    ...gone.map(
      ({ tag }): Write => ({
        delete: keys.tag(ref, tag),
        when: { equals: { version: version.version } },
      }),
    ),
    ...(empty ? unlistWrites(input.project, ref) : []),
    ...(last && head.listedBy !== undefined
      ? await unlistingWrites(registry, input.project, ref, head.listedBy)
      : []),
    recordEvent(now, {
      ...eventFacts(input, version.version),
      type: 'package_deleted',
      details: { id: version.id },
    }),
  ];
  if (writes.length > MAX_WRITES - 2 * FILES_AT_ONCE) {
    throw new RegistryError('conflict', 'Too many tags name this version: remove some first');
  }
  return writes;
}

/** That nothing has come to a version since it was read: files add to it, or change what is told of it with them. */
function asRead({ id, updatedAt, additions }: StoredVersion): Condition {
  return { equals: { id, updatedAt, additions } };
}

/** With so many versions or fewer, each deletion counts them exactly: it may be the one before the last. */
const FEW_VERSIONS = 20;

/** What must hold of the head of a package that has other versions; many may be deleted beside each other. */
function stillMore({
  versionCount,
}: StoredHead): { readonly versionCount: number } | { readonly live: true } {
  return versionCount <= FEW_VERSIONS ? { versionCount } : { live: true };
}

/** Takes a name out of the indexes whose last versions were deleted at once, each of them as one of many. */
async function unlistEmpty(registry: Registry, input: Deletion, ref: PackageRef): Promise<void> {
  await retryChanged(async () => {
    const head = maybeEntity<StoredHead>(await registry.table.get(keys.head(ref)));
    if (!head?.live || head.versionCount > 0 || (head.listedCount ?? 0) > 0) return;
    await registry.table.write([
      ...moveHead(ref, registry.clock.now(), {
        touched: [],
        set: { live: undefined },
        when: { equals: { revision: head.revision } },
      }),
      ...unlistWrites(input.project, ref),
    ]);
  });
}

/**
 * Deletes one file of a version; the next older file of its name, if any, takes its place. Files that are part of it
 * go with it when none does.
 */
export async function deleteFile(
  registry: Registry,
  input: Deletion & { readonly fileId: number },
): Promise<void> {
  const ref: PackageRef = { projectId: input.project.id, format: input.format, name: input.name };
  await retryChanged(async () => {
    const version = maybeEntity<StoredVersion>(await registry.table.get(keys.version(ref, input.version)));
    const items = await queryAll(registry.table, ranges.filesOf(ref, input.version));
    const target = items.find((item) => entityOf<PackageFile>(item).id === input.fileId);
    if (!version || !target) throw new RegistryError('fileNotFound');
    const file = entityOf<PackageFile>(target);
    const currentKey = keys.file(ref, file.version, file.fileName);
    const successor =
      target.sk === currentKey.sk
        ? items
            .filter((item) => item !== target && entityOf<PackageFile>(item).fileName === file.fileName)
            .at(-1)
        : undefined;
    const parts = items.filter(
      (item) =>
        !successor && target.sk === currentKey.sk && entityOf<PackageFile>(item).partOf === file.fileName,
    );
    const when = { equals: { id: file.id } };
    const now = registry.clock.now();
    await registry.table.write([
      ...(successor
        ? [{ put: { ...successor, ...currentKey }, when }, { delete: { pk: successor.pk, sk: successor.sk } }]
        : [target, ...parts].map(deleteOf)),
      ...(await releaseBlobs(registry, [file, ...parts.map((item) => entityOf<PackageFile>(item))])),
      { check: keys.version(ref, input.version), when: asRead(version) },
      ...moveHead(ref, now, { touched: [version.version], when: { exists: true } }),
      recordEvent(now, {
        ...eventFacts(input, input.version),
        type: 'package_file_deleted',
        details: { file: file.fileName },
      }),
    ]);
  });
}

function deleteOf(item: Item): Write {
  return { delete: { pk: item.pk, sk: item.sk }, when: { equals: { id: entityOf<PackageFile>(item).id } } };
}

/** One reference less for the blob of each file; a blob nothing refers to any more is handed to the sweep. */
async function releaseBlobs(registry: Registry, files: readonly PackageFile[]): Promise<Write[]> {
  const counts = new Map<string, number>();
  for (const { digests } of files) counts.set(digests.sha256, (counts.get(digests.sha256) ?? 0) + 1);
  const shas = [...counts.keys()];
  const records = await registry.table.getMany(shas.map((sha256) => keys.blob(sha256)));
  const now = registry.clock.now();
  return shas.flatMap((sha256, index): Write[] => {
    const record = maybeEntity<BlobRecord>(records[index]);
    if (!record) return [];
    const left = record.refs - (counts.get(sha256) ?? 0);
    const unreferenced = {
      unreferencedAt: now,
      ...inIndex2(indexes.unreferenced.pk, `${new Date(now).toISOString()}#${sha256}`),
    };
    return [
      {
        update: keys.blob(sha256),
        set: { refs: left, ...(left <= 0 ? unreferenced : {}) },
        when: { equals: { refs: record.refs } },
      },
    ];
  });
}
