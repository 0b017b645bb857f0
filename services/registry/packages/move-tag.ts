import type { Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { PackageName, TagName, VersionName } from '../../domain/names.ts';
import type { PackageRef } from '../../domain/packages.ts';
import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { eventFacts } from '../events/package-event.ts';
import { recordEvent } from '../events/record-event.ts';
import { keys } from '../records/keys.ts';
import { defaultTagOf, defaultTagWrites } from './default-tag.ts';
import { moveHead } from './move-head.ts';
import { addedToVersion, tagWrite } from './package-writes.ts';

/** A tag of a package, and the actor. */
export interface TagChange {
  readonly project: Project;
  readonly actor: Actor;
  readonly format: string;
  readonly name: PackageName;
  readonly tag: TagName;
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
  const now = registry.clock.now();
  await failingAs('packageNotFound', () =>
    registry.table.write([
      addedToVersion(ref, input.version),
      tagWrite(ref, input.tag, input.version, now),
      ...moveHead(ref, now, { touched: [], when: { exists: true } }),
      recordEvent(now, {
        ...eventFacts(input, input.version),
        type: 'tag_moved',
        details: { tag: input.tag },
      }),
    ]),
  );
}

/**
 * Removes a tag; its version stays. The default tag of a format is not removed, but set to the default version.
 * @throws RegistryError `notFound` if the tag does not exist
 */
export async function deleteTag(registry: Registry, input: TagChange): Promise<void> {
  const ref: PackageRef = { projectId: input.project.id, format: input.format, name: input.name };
  const now = registry.clock.now();
  const byDefault = await defaultTagOf(registry, input.format);
  const reset =
    byDefault?.tag === input.tag
      ? await defaultTagWrites(registry, ref, byDefault, { when: { exists: true } })
      : [];
  await failingAs('notFound', () =>
    registry.table.write([
      ...(reset.length > 0 ? reset : [{ delete: keys.tag(ref, input.tag), when: { exists: true } } as const]),
      ...moveHead(ref, now, { touched: [], when: { exists: true } }),
      recordEvent(now, { ...eventFacts(input, null), type: 'tag_deleted', details: { tag: input.tag } }),
    ]),
  );
}

async function failingAs(code: 'packageNotFound' | 'notFound', write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw error instanceof ConditionFailed ? new RegistryError(code, undefined, { cause: error }) : error;
  }
}
