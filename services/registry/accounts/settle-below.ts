/** Lets the paths and full names below a group follow its own, when these are too many for one transaction. */
import { randomUUID } from 'node:crypto';
import type { Group, Project } from '../../domain/accounts.ts';
import { ConditionFailed, type Write } from '../../ports/table.ts';
import type { Registry } from '../context.ts';
import { entityOf, itemOf, maybeEntity } from '../records/entities.ts';
import { keys, ranges } from '../records/keys.ts';
import { queryPages } from '../records/query-all.ts';
import {
  type CountedGroup,
  type GroupTree,
  MOVED_AT_ONCE,
  planGroupMove,
  planProjectMove,
  readTree,
  type TreeProject,
} from './move-below.ts';
import { fullPathOf } from './paths.ts';
import type { Requester } from './take-path.ts';

/** A change of a group's path or name that may not have reached everything below it. */
interface GroupMove {
  readonly id: number;
  /** Differs for each change. */
  readonly stamp: string;
  /** Who asked for the path. */
  readonly by: { readonly userId?: number; readonly admin?: boolean };
}

/** The write that records a change of a group's path or name, for the transaction that makes it. */
export function moveStarted(id: number, { userId, admin }: Requester): Write {
  const by = { ...(userId !== undefined && { userId }), ...(admin !== undefined && { admin }) };
  return { put: itemOf(keys.groupMove(id), { id, stamp: randomUUID(), by } satisfies GroupMove) };
}

/**
 * Lets everything below a group follow its path and name, until `signal` aborts. Each group and project is found by its
 * former path until it has moved, and then by both. Returns whether all have followed. Can be repeated, and run
 * concurrently.
 */
export async function settleBelow(
  registry: Registry,
  groupId: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const items = await registry.table.getMany([keys.group(groupId), keys.groupMove(groupId)]);
  const [group, move] = [maybeEntity<CountedGroup>(items[0]), maybeEntity<GroupMove>(items[1])];
  if (!move) return true;
  try {
    if (group && !(await settleTree(registry, await readTree(registry, group), move.by, signal)))
      return false;
    await registry.table.write([
      { delete: keys.groupMove(groupId), when: { equals: { stamp: move.stamp } } },
    ]);
    return true;
  } catch (error) {
    // Something was changed meanwhile, or the name was changed again.
    if (error instanceof ConditionFailed) return false;
    throw error;
  }
}

/** Lets everything below follow the groups that have changed, until `signal` aborts. Returns whether all have. */
export async function settleGroups(registry: Registry, signal?: AbortSignal): Promise<boolean> {
  let finished = true;
  for await (const items of queryPages(registry.table, ranges.groupMoves())) {
    for (const item of items) {
      if (signal?.aborted || !(await settleBelow(registry, entityOf<GroupMove>(item).id, signal)))
        finished = false;
    }
  }
  return finished;
}

/** @throws ConditionFailed if something below has changed since it was read */
async function settleTree(
  registry: Registry,
  { group, groups, projects }: GroupTree,
  by: Requester,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const behind = projects.filter(({ project }) => isBehind(project, group));
  for (let start = 0; start < behind.length; start += MOVED_AT_ONCE) {
    if (signal?.aborted) return false;
    await moveProjects(registry, group, behind.slice(start, start + MOVED_AT_ONCE), by);
  }
  for (const below of groups) {
    if (signal?.aborted) return false;
    const moved = isBehind(below.group, group) ? await moveGroup(registry, group, below, by) : below.group;
    if (!(await settleTree(registry, { ...below, group: moved }, by, signal))) return false;
  }
  if (group.moving) await openAgain(registry, group);
  return true;
}

/** Whether a group or project still has the path or name that it had below its parent's former one. */
function isBehind(below: Group | Project, parent: Group): boolean {
  return below.fullPath !== fullPathOf(below.path, parent) || below.fullName !== fullNameIn(below, parent);
}

function fullNameIn({ name }: Group | Project, parent: Group): string {
  return `${parent.fullName} / ${name}`;
}

async function moveProjects(
  registry: Registry,
  parent: Group,
  some: readonly TreeProject[],
  by: Requester,
): Promise<void> {
  const plans = await Promise.all(
    some.map((each) =>
      planProjectMove(registry, each, parent, by, { fullName: fullNameIn(each.project, parent) }),
    ),
  );
  await registry.table.write([...plans.flat(), unchanged(parent)]);
}

/** Moves a group below its parent. If its path changes, it is closed for new paths until those in it have followed. */
async function moveGroup(
  registry: Registry,
  parent: Group,
  below: GroupTree,
  by: Requester,
): Promise<CountedGroup> {
  const closes = fullPathOf(below.group.path, parent) !== below.group.fullPath;
  const fullName = fullNameIn(below.group, parent);
  const set = closes ? ({ fullName, moving: true } as const) : { fullName };
  const { moved, writes } = await planGroupMove(registry, below, parent, by, set);
  await registry.table.write([...writes, unchanged(parent)]);
  return moved;
}

/** The condition that a group still has the path and name that those below it are to follow. */
function unchanged({ id, fullPath, fullName }: Group): Write {
  return { check: keys.group(id), when: { equals: { fullPath, fullName } } };
}

/** Lets paths be created and changed in a group again, when all in it have followed. */
async function openAgain(registry: Registry, { id, fullPath, children }: CountedGroup): Promise<void> {
  const when = { equals: { fullPath, children } };
  await registry.table.write([{ update: keys.group(id), set: { moving: undefined }, when }]);
}
