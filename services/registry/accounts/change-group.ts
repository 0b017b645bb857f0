import { fitsInside, type Visibility } from '../../domain/access.ts';
import type { Group, PackageSettings } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Actor } from '../../domain/events.ts';
import type { Registry } from '../context.ts';
import { maybeEntity } from '../records/entities.ts';
import { indexes, inIndex1, keys, padId } from '../records/keys.ts';
import { retryChanged } from '../records/retry-changed.ts';
import { accountEvent, changedFields } from './account-event.ts';
import { projectsIn, subgroupsOf } from './list-accounts.ts';
import { MAX_BELOW, MOVED_AT_ONCE, planMovesBelow, readTree } from './move-below.ts';
import { movePath, writeMoving } from './move-path.ts';
import { checkPath, fullPathOf, invalidField } from './paths.ts';
import { moveStarted, settleBelow } from './settle-below.ts';
import type { Requester } from './take-path.ts';

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

/** How long a change waits until everything below has followed it, in milliseconds; then a job goes on. */
const SETTLE_TIMEOUT = 3000;

/** How often a change tries again when something below changes at the same time. */
const SETTLE_TRIES = 5;

/**
 * Changes a group. With its path, the paths of everything below change in the same transaction, or if they are too many
 * one after the other; reads of the old paths lead to the new ones. The full names of everything below follow its own.
 * @throws RegistryError `groupNotFound` if it is gone, `invalidRequest` if the changes are not allowed, `conflict` if the
 * path can't change yet because paths are still following an earlier change.
 */
export async function changeGroup(
  registry: Registry,
  group: Group,
  changes: GroupChanges,
  actor: Actor,
  by: Requester = {},
): Promise<Group> {
  const { after, settles } = await retryChanged(() => changeOnce(registry, group, changes, { actor, by }));
  if (settles) await settleSoon(registry, after);
  return after;
}

/** Lets what is below a group follow it for some time. A job continues if that was not enough, or failed. */
async function settleSoon(registry: Registry, { id }: Group): Promise<void> {
  const signal = AbortSignal.timeout(SETTLE_TIMEOUT);
  try {
    for (let tries = 0; tries < SETTLE_TRIES && !signal.aborted; tries++) {
      if (await settleBelow(registry, id, signal)) return;
    }
  } catch (error) {
    registry.log.error('the paths below a group are left to a job', { group: id, error });
  }
}

async function changeOnce(
  registry: Registry,
  group: Group,
  changes: GroupChanges,
  { actor, by }: { readonly actor: Actor; readonly by: Requester },
) {
  const parentKeys = group.parentId === null ? [] : [keys.group(group.parentId)];
  const items = await registry.table.getMany([keys.group(group.id), ...parentKeys]);
  const before = maybeEntity<StoredGroup>(items[0]);
  if (!before || before.removing) throw new RegistryError('groupNotFound');
  const parent = maybeEntity<Group>(items[1]);
  const set = attributesOf(before, changes, parent);
  const after: Group = { ...before, ...set };
  await checkVisibility(registry, before, after, parent);
  const moves = after.fullPath !== before.fullPath;
  if (moves && (before.moving || parent?.moving)) {
    throw new RegistryError('conflict', 'Paths are still following an earlier change; try again in a moment');
  }
  const tree = moves ? await readTree(registry, before, { left: MAX_BELOW }) : undefined;
  const known = tree?.published ? { ...before, published: true } : before;
  const move = await movePath(registry, known, { fullPath: after.fullPath, parent, by });
  // All new paths must be free, even if they are taken later: nobody else can take them in between.
  const below = tree ? await planMovesBelow(registry, tree, { ...after, ...move.set }, by) : [];
  const isLarge = (tree?.size ?? 0) > MOVED_AT_ONCE;
  const settles = isLarge || after.fullName !== before.fullName;
  await writeMoving(registry, move, [
    {
      update: keys.group(group.id),
      set: {
        ...{ ...set, ...move.set, ...(isLarge && { moving: true }) },
        ...inIndex1(indexes.groups(after.visibility).pk, padId(group.id)),
      },
      add: { changes: 1 },
      when: {
        equals: {
          ...{ fullPath: before.fullPath, children: before.children, changes: before.changes },
          ...{ removing: undefined, ...(moves && { moving: undefined }) },
        },
      },
    },
    ...(isLarge ? [] : below),
    ...(settles ? [moveStarted(group.id, by)] : []),
    ...(parent
      ? [
          {
            check: keys.group(parent.id),
            when: { equals: { visibility: parent.visibility, ...(moves && { moving: undefined }) } },
          },
        ]
      : []),
    ...accountEvent(registry.clock.now(), {
      type: 'group_changed',
      actor,
      owner: { kind: 'group', id: group.id, path: after.fullPath },
      name: after.fullPath,
      details: changedFields<Group>(before, set),
    }),
  ]);
  return { after, settles };
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
