import { fitsInside, type Visibility } from '../../domain/access.ts';
import type { Group, PackageSettings } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import { ConditionFailed } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { maybeEntity } from '../records/entities.ts';
import { keys } from '../records/keys.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { accountEvent, changedFields } from './account-event.ts';
import type { Claimant } from './claim-path.ts';
import { projectsIn, subgroupsOf } from './list-accounts.ts';
import { planMovesBelow, readTree } from './move-below.ts';
import { movePath, writeMoving } from './move-path.ts';
import { checkPath, fullPathOf, invalidField } from './paths.ts';

/** Changes to a group; undefined fields stay as they are. */
export interface GroupChanges {
  readonly name?: string | undefined;
  readonly path?: string | undefined;
  readonly description?: string | undefined;
  readonly visibility?: Visibility | undefined;
  readonly projectCreationLevel?: Group['projectCreationLevel'] | undefined;
  readonly subgroupCreationLevel?: Group['subgroupCreationLevel'] | undefined;
  /** Returns the new settings, given the stored ones. */
  readonly settings?: (before: PackageSettings) => PackageSettings;
}

/** A stored group, with the number of groups and projects directly in it, and the number of changes made to it. */
type StoredGroup = Group & { readonly children: number; readonly changes?: number };

/**
 * Changes a group. With its path, the paths of everything below change in the same transaction, and reads of the old
 * paths lead to the new ones. When its full name changes, the full names of everything below it are rewritten afterwards.
 * @throws RegistryError `groupNotFound` if it is gone, `invalidRequest` if the changes are not allowed.
 */
export async function changeGroup(
  registry: Registry,
  group: Group,
  changes: GroupChanges,
  actor: Actor,
  by: Claimant = {},
): Promise<Group> {
  const { before, after } = await retryChanged(() => changeOnce(registry, group, changes, { actor, by }));
  if (after.fullName !== before.fullName) await renameBelow(registry, after);
  return after;
}

async function changeOnce(
  registry: Registry,
  group: Group,
  changes: GroupChanges,
  { actor, by }: { readonly actor: Actor; readonly by: Claimant },
) {
  const parentKeys = group.parentId === null ? [] : [keys.group(group.parentId)];
  const items = await registry.table.getMany([keys.group(group.id), ...parentKeys]);
  const before = maybeEntity<StoredGroup>(items[0]);
  if (!before || before.removing) throw new RegistryError('groupNotFound');
  const parent = maybeEntity<Group>(items[1]);
  const set = attributesOf(before, changes, parent);
  const after: Group = { ...before, ...set };
  await checkVisibility(registry, before, after, parent);
  const tree = after.fullPath === before.fullPath ? undefined : await readTree(registry, before);
  const known = tree?.published ? { ...before, published: true } : before;
  const move = await movePath(registry, known, { fullPath: after.fullPath, parent, by });
  const below = tree ? await planMovesBelow(registry, tree, { ...after, ...move.set }, by) : [];
  await writeMoving(registry, move, [
    {
      update: keys.group(group.id),
      set: { ...set, ...move.set },
      add: { changes: 1 },
      when: {
        equals: {
          ...{ fullPath: before.fullPath, children: before.children, changes: before.changes },
          removing: undefined,
        },
      },
    },
    ...below,
    ...(parent
      ? [{ check: keys.group(parent.id), when: { equals: { visibility: parent.visibility } } }]
      : []),
    ...accountEvent(registry.clock.now(), {
      type: 'group_changed',
      actor,
      owner: { kind: 'group', id: group.id, path: after.fullPath },
      name: after.fullPath,
      details: changedFields<Group>(before, set),
    }),
  ]);
  return { before, after };
}

/** The changed attributes, and the full name and path derived from them. */
function attributesOf(stored: StoredGroup, changes: GroupChanges, parent: Group | undefined) {
  const { settings: newSettings, ...fields } = changes;
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const name = changes.name ?? stored.name;
  const path = changes.path ?? stored.path;
  if (path !== stored.path) checkPath(path);
  return {
    ...given,
    ...(newSettings ? { settings: plainSettings(newSettings(stored.settings)) } : {}),
    fullName: parent ? `${parent.fullName} / ${name}` : name,
    fullPath: fullPathOf(path, parent),
  };
}

function plainSettings({ duplicates }: PackageSettings) {
  return {
    duplicates: Object.fromEntries(Object.entries(duplicates).map(([id, rule]) => [id, { ...rule }])),
  };
}

async function checkVisibility(
  registry: Registry,
  before: Group,
  after: Group,
  parent: Group | undefined,
): Promise<void> {
  if (parent && !fitsInside(after.visibility, parent.visibility)) {
    throw invalidField(
      'visibility_level',
      `${after.visibility} is not allowed in a ${parent.visibility} group.`,
    );
  }
  if (fitsInside(before.visibility, after.visibility)) return;
  const [groups, projects] = await Promise.all([
    subgroupsOf(registry, after.id),
    projectsIn(registry, [after.id]),
  ]);
  const wider = [...groups, ...projects].find((child) => !fitsInside(child.visibility, after.visibility));
  if (wider) {
    const reason = `${after.visibility} is not allowed since this group contains ${wider.fullPath}, which is ${wider.visibility}.`;
    throw invalidField('visibility_level', reason);
  }
}

/** Rewrites the full names of everything below a renamed group. */
async function renameBelow(registry: Registry, group: Group): Promise<void> {
  const [groups, projects] = await Promise.all([
    subgroupsOf(registry, group.id),
    projectsIn(registry, [group.id]),
  ]);
  const when = { exists: true };
  for (const project of projects) {
    const set = { fullName: `${group.fullName} / ${project.name}` };
    await isMissing(registry.table.update(keys.project(project.id), { set }, when));
  }
  for (const child of groups) {
    const fullName = `${group.fullName} / ${child.name}`;
    if (await isMissing(registry.table.update(keys.group(child.id), { set: { fullName } }, when))) continue;
    await renameBelow(registry, { ...child, fullName });
  }
}

/** Waits for a change; returns whether the changed item is gone. */
async function isMissing(change: Promise<unknown>): Promise<boolean> {
  try {
    await change;
    return false;
  } catch (error) {
    if (error instanceof ConditionFailed) return true;
    throw error;
  }
}
