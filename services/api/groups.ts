import type { Hono } from 'hono';
import * as z from 'zod';
import { visibilities } from '../domain/access.ts';
import type { Group } from '../domain/accounts.ts';
import { RegistryError } from '../domain/errors.ts';
import type { Actor } from '../domain/events.ts';
import { actorOf } from '../http/access/actor.ts';
import { replyJson } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';
import { changeGroup } from '../registry/accounts/change-group.ts';
import { createGroup } from '../registry/accounts/create-group.ts';
import { continueGroupRemoval, deleteGroup, startGroupRemoval } from '../registry/accounts/delete-group.ts';
import { findGroup } from '../registry/accounts/find-accounts.ts';
import {
  descendantsOf,
  filtered,
  walkProjectsIn,
  walkSubgroups,
} from '../registry/accounts/list-accounts.ts';
import type { Registry } from '../registry/context.ts';
import { groupJson, projectJson } from './json/account-json.ts';
import { inIds, listGroups, replyGroups } from './list-groups.ts';
import { projectFilter, projectListParams, replyProjects } from './list-projects.ts';
import { filledText, flag, integer, readParams, text } from './params.ts';
import { type ApiContext, checkGroup, openGroup, requesterOf, scopes, signedIn } from './request.ts';

const settings = {
  description: text.optional(),
  visibility: z.enum(visibilities).optional(),
  project_creation_level: z.enum(['noone', 'owner', 'maintainer', 'developer', 'administrator']).optional(),
  subgroup_creation_level: z.enum(['owner', 'maintainer']).optional(),
};

const groupNumber = 'the id of a group, a number; GET /groups?search=<name> shows it';

const newGroup = z.object({
  ...settings,
  name: filledText,
  path: text.describe('the last part of its address, such as acme'),
  parent_id: integer.nullish().describe(groupNumber),
});

const changedGroup = z.object({ ...settings, name: filledText.optional(), path: text.optional() });

const deletion = z.object({ permanently_remove: flag.default(false), full_path: text.optional() });

/** `/groups`: list, create, show, change and delete groups, and list the contents of a group. */
export function groupRoutes(app: Hono<CallEnv>): void {
  app.get('/groups', listGroups);
  app.post('/groups', addGroup);
  app.get('/groups/:id', showGroup);
  app.put('/groups/:id', updateGroup);
  app.delete('/groups/:id', removeGroup);
  app.get('/groups/:id/subgroups', async (c) => {
    const opened = await openGroup(c, 'view', scopes.read);
    const { registry } = c.env;
    return replyGroups(c, opened.principal, (walk) => walkSubgroups(registry, opened.group.id, walk));
  });
  app.get('/groups/:id/descendant_groups', async (c) => {
    const opened = await openGroup(c, 'view', scopes.read);
    const groups = await descendantsOf(c.env.registry, opened.group.id);
    return replyGroups(c, opened.principal, (walk) => inIds(groups, walk));
  });
  app.get('/groups/:id/projects', listGroupProjects);
}

async function addGroup(c: ApiContext): Promise<Response> {
  const principal = await signedIn(c, scopes.write);
  const input = await readParams(c, newGroup);
  let parent: Group | undefined;
  if (typeof input.parent_id === 'number') {
    parent = await findGroup(c.env.registry.table, String(input.parent_id));
    if (!parent) throw new RegistryError('groupNotFound');
    await checkGroup(c, 'create-subgroup', principal, parent);
  } else if (principal.user.bot) {
    throw new RegistryError('forbidden');
  }
  const group = await createGroup(c.env.registry, {
    name: input.name,
    path: input.path,
    parent,
    description: input.description,
    visibility: input.visibility,
    projectCreationLevel: input.project_creation_level,
    subgroupCreationLevel: input.subgroup_creation_level,
    ownerId: principal.user.bot ? undefined : principal.user.id,
    by: requesterOf(principal),
    actor: actorOf(principal, c),
  });
  return replyJson(c, 201, renderGroup(c, group));
}

function renderGroup(c: ApiContext, group: Group) {
  return {
    ...groupJson(c.env.registry.settings.url, group),
    shared_with_groups: [],
    projects: [],
    shared_projects: [],
    prevent_sharing_groups_outside_hierarchy: false,
  };
}

async function showGroup(c: ApiContext): Promise<Response> {
  const { group, principal } = await openGroup(c, 'view', scopes.read);
  const { with_projects: withProjects } = await readParams(
    c,
    z.object({ with_projects: flag.default(false) }),
  );
  if (!withProjects) return replyJson(c, 200, renderGroup(c, group));
  const { registry } = c.env;
  const { passes } = await projectFilter(c, principal, projectListParams.parse({}));
  const shown: object[] = [];
  for await (const project of filtered(walkProjectsIn(registry, [group.id], { atOnce: 100 }), passes)) {
    shown.push(projectJson(registry.settings.url, project, group));
    if (shown.length === 100) break;
  }
  return replyJson(c, 200, { ...renderGroup(c, group), projects: shown });
}

async function updateGroup(c: ApiContext): Promise<Response> {
  const { group, principal } = await openGroup(c, 'own', scopes.write);
  const input = await readParams(c, changedGroup);
  const changes = {
    name: input.name,
    path: input.path,
    description: input.description,
    visibility: input.visibility,
    projectCreationLevel: input.project_creation_level,
    subgroupCreationLevel: input.subgroup_creation_level,
  };
  const changed = await changeGroup(
    c.env.registry,
    group,
    changes,
    actorOf(principal, c),
    requesterOf(principal),
  );
  return replyJson(c, 200, renderGroup(c, changed));
}

/**
 * Deletes a group. This takes effect at once and can't be undone, so a group that is not empty is deleted only if
 * the request confirms it with the group's path: `permanently_remove=true&full_path=...`.
 */
async function removeGroup(c: ApiContext): Promise<Response> {
  const { group, principal } = await openGroup(c, 'own', scopes.write);
  const input = await readParams(c, deletion);
  const actor = actorOf(principal, c);
  if (input.permanently_remove) {
    if (input.full_path !== group.fullPath) {
      throw new RegistryError(
        'invalidRequest',
        '`full_path` is incorrect. You must enter the complete path for the group.',
      );
    }
    await deleteTree(c.env.registry, group, actor);
  } else {
    await deleteGroup(c.env.registry, group, actor);
  }
  return replyJson(c, 202, { message: '202 Accepted' });
}

/** How long a request deletes what is in a group, in milliseconds, before it leaves the rest to a job. */
const REMOVAL_TIMEOUT = 3000;

/** Deletes a group at once, and what is in it: what few moments do not suffice for, a job does. */
async function deleteTree(registry: Registry, group: Group, actor: Actor): Promise<void> {
  await startGroupRemoval(registry, group, actor);
  try {
    await continueGroupRemoval(registry, group.id, AbortSignal.timeout(REMOVAL_TIMEOUT));
  } catch (error) {
    registry.log.error('the deletion of a group is left to a job', { group: group.id, error });
  }
}

async function listGroupProjects(c: ApiContext): Promise<Response> {
  const { group, principal } = await openGroup(c, 'view', scopes.read);
  const params = await readParams(c, projectListParams.extend({ include_subgroups: flag.default(false) }));
  const { registry } = c.env;
  const { passes } = await projectFilter(c, principal, params);
  const below = params.include_subgroups ? await descendantsOf(registry, group.id) : [];
  const ids = [group.id, ...below.map(({ id }) => id)];
  return replyProjects(c, params, (walk) => filtered(walkProjectsIn(registry, ids, walk), passes));
}
