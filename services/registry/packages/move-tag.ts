import type { Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { PackageName, TagName, VersionName } from '../../domain/names.ts';
import type { PackageRef, Tag, Version } from '../../domain/packages.ts';
import type { Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { eventFacts } from '../events/package-event.ts';
import { recordEvent } from '../events/record-event.ts';
import { untaggedWrites } from '../package-blobs/may-be-unused.ts';
import { maybeEntity, type StoredVersion } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { readItems } from '../records/read-items.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { defaultTagMove, defaultTagOf } from './default-tag.ts';
import { moveHead } from './move-head.ts';
import { addedToVersion, stillAt, taggedWrites, tagWrite } from './package-writes.ts';

/** A tag of a package, and the actor. */
export interface TagChange {
  readonly project: Project;
  readonly actor: Actor;
  readonly format: string;
  readonly name: PackageName;
  readonly tag: TagName;
  /** What the caller has read, if it has: the tag, undefined if it did not exist. The first attempt relies on it. */
  readonly known?: { readonly tag: Tag | undefined; readonly apart?: undefined } | undefined;
}

/**
 * Sets a tag to a version, regardless of its current one.
 * @throws RegistryError `packageNotFound` if the version does not exist
 */
export async function moveTag(
  registry: Registry,
  input: TagChange & { version: VersionName },
): Promise<void> {
  const ref: PackageRef = { projectId: input.project.id, format: input.format, name: input.name };
  let { known } = input;
  await retryChanged(async () => {
    const now = registry.clock.now();
    const { tag, apart } = known ?? (await readTagged(registry, ref, input));
    known = undefined;
    await registry.table.write([
      addedToVersion(ref, input.version),
      { ...tagWrite(ref, input.tag, input.version, now), when: stillAt(tag) },
      ...(apart ? retaggedWrites(registry, { ...ref, version: input.version, apart }, input.tag, tag) : []),
      ...moveHead(ref, now, { touched: [], when: { exists: true } }),
      recordEvent(now, {
        ...eventFacts(input, input.version),
        type: 'tag_moved',
        details: { tag: input.tag, before: tag?.version ?? null, after: input.version },
      }),
    ]);
  });
}

/**
 * Removes a tag; its version stays. The default tag of a format is not removed, but set to the default version.
 * @throws RegistryError `notFound` if the tag does not exist
 */
export async function deleteTag(registry: Registry, input: TagChange): Promise<void> {
  const ref: PackageRef = { projectId: input.project.id, format: input.format, name: input.name };
  const byDefault = await defaultTagOf(registry, input.format);
  const key = keys.tag(ref, input.tag);
  let { known } = input;
  await retryChanged(async () => {
    const now = registry.clock.now();
    const tag = known ? known.tag : maybeEntity<Tag>(await registry.table.get(key));
    known = undefined;
    if (!tag) throw new RegistryError('notFound');
    const when = stillAt(tag);
    const reset =
      byDefault?.tag === input.tag ? await defaultTagMove(registry, ref, byDefault, { when }) : undefined;
    const rules = (await registry.formats()).find(({ id }) => id === input.format);
    await registry.table.write([
      ...(reset?.writes ?? [{ delete: key, when }]),
      ...(rules?.projectOnly ? untaggedWrites(registry, ref, [tag]) : []),
      ...moveHead(ref, now, { touched: [], when: { exists: true } }),
      recordEvent(now, {
        ...eventFacts(input, null),
        type: 'tag_deleted',
        details: { tag: input.tag, before: tag.version, after: reset?.version ?? null },
      }),
    ]);
  });
}

/**
 * Reads the tag together with the version that it is to have.
 * @throws RegistryError `packageNotFound` if the version does not exist
 */
async function readTagged(
  { table }: Registry,
  ref: PackageRef,
  input: Pick<TagChange, 'tag'> & { readonly version: VersionName },
): Promise<{ readonly tag: Tag | undefined; readonly apart?: true | undefined }> {
  const [tagKey, versionKey] = [keys.tag(ref, input.tag), keys.version(ref, input.version)];
  const items = await readItems(table, [tagKey, versionKey]);
  const version = items.get<StoredVersion>(versionKey);
  if (!version || version.claim) throw new RegistryError('packageNotFound');
  return { tag: items.get<Tag>(tagKey), apart: version.apart };
}

/** Lists a tag under its new version, and no longer under the one it had. */
function retaggedWrites(
  registry: Registry,
  version: PackageRef & Pick<Version, 'version' | 'apart'>,
  tag: TagName,
  before: Tag | undefined,
): Write[] {
  if (before?.version === version.version) return [];
  return [...taggedWrites(version, tag), ...untaggedWrites(registry, version, before ? [before] : [])];
}
