import type { Hono } from 'hono';
import * as z from 'zod';
import {
  containerAccessLevels,
  levels,
  type RegistryAccess,
  registryAccessLevels,
  visibilities,
} from '../domain/access.ts';
import type { Group, Principal, Project } from '../domain/accounts.ts';
import { badParameters, RegistryError } from '../domain/errors.ts';
import { actorOf } from '../http/access/actor.ts';
import { replyJson } from '../http/answer/reply.ts';
import type { CallEnv } from '../http/call.ts';
import { changeProject } from '../registry/accounts/change-project.ts';
import { createProject } from '../registry/accounts/create-project.ts';
import { findGroup } from '../registry/accounts/find-accounts.ts';
import {
  filtered,
  groupsById,
  mergedById,
  type Walk,
  walkMemberProjects,
  walkProjects,
  walkProjectsIn,
} from '../registry/accounts/list-accounts.ts';
import { membershipsOf } from '../registry/accounts/memberships.ts';
import { removeProject } from '../registry/accounts/remove-project.ts';
import { projectJson } from './json/account-json.ts';
import { minLevelOf, openTo, projectFilter, projectListParams, replyProjects } from './list-projects.ts';
import { filledText, flag, integer, readParams, text } from './params.ts';
import {
  type ApiContext,
  callerOf,
  checkGroup,
  openProject,
  requesterOf,
  scopes,
  signedIn,
} from './request.ts';
import { visibleUser } from './users.ts';

const settings = {
  description: text.optional(),
  visibility: z.enum(visibilities).optional(),
  package_registry_access_level: z.enum(registryAccessLevels).optional(),
  packages_enabled: flag.optional(),
  container_registry_access_level: z.enum(containerAccessLevels).optional(),
  container_registry_enabled: flag.optional(),
};

const newProject = z.object({
  ...settings,
  name: filledText.optional(),
  path: text.optional(),
  namespace_id: integer
    .optional()
    .describe('the id of a group or user, a number; GET /namespaces?search=<name> shows it'),
});

const changedProject = z.object({ ...settings, name: filledText.optional(), path: text.optional() });

/** `/projects`: list, create, show, change, archive and delete. */
export function projectRoutes(app: Hono<CallEnv>): void {
  app.get('/projects', listProjects);
  app.get('/users/:id/projects', listUserProjects);
  app.post('/projects', addProject);
  app.get('/projects/:id', showProject);
  app.put('/projects/:id', updateProject);
  app.delete('/projects/:id', deleteProject);
  app.post('/projects/:id/archive', (c) => setArchived(c, true));
  app.post('/projects/:id/unarchive', (c) => setArchived(c, false));
}

async function listProjects(c: ApiContext): Promise<Response> {
  const principal = await callerOf(c, scopes.read);
  const params = await readParams(c, projectListParams);
  const { passes, memberships } = await projectFilter(c, principal, params);
  const { registry } = c.env;
  const open = openTo(principal);
  // Private projects are seen by their members only, and by administrators, so the others need not be read.
  const onlyMembers = params.visibility === 'private' && open !== undefined;
  const narrowed = params.membership || minLevelOf(params) > 0 || onlyMembers;
  return replyProjects(c, params, (walk) => filtered(candidates(walk), passes));

  function candidates(walk: Walk): AsyncIterable<Project> {
    const own = () => walkMemberProjects(registry, memberships.direct, walk);
    if (narrowed) return own();
    return open
      ? mergedById([walkProjects(registry, walk, open), own()], walk)
      : walkProjects(registry, walk);
  }
}

async function listUserProjects(c: ApiContext): Promise<Response> {
  const principal = await callerOf(c, scopes.read);
  const params = await readParams(c, projectListParams);
  const { passes } = await projectFilter(c, principal, params);
  const { registry } = c.env;
  const user = await visibleUser(c, principal, c.req.param('id') ?? '');
  // Anonymous callers get an empty list for absent users, too: they may not know which users there are.
  if (!user && principal.kind !== 'anonymous') throw new RegistryError('userNotFound');
  const namespaces = user ? [user.namespaceId] : [];
  return replyProjects(c, params, (walk) => filtered(walkProjectsIn(registry, namespaces, walk), passes));
}

async function addProject(c: ApiContext): Promise<Response> {
  const principal = await signedIn(c, scopes.write);
  const input = await readParams(c, newProject);
  const { name = input.path, path = pathFrom(input.name) } = input;
  if (name === undefined || path === undefined)
    throw badParameters(['name, path are missing, at least one parameter must be provided']);
  const namespace = await namespaceFor(c, principal, input.namespace_id ?? principal.user.namespaceId);
  const project = await createProject(c.env.registry, {
    namespace,
    name,
    path,
    description: input.description,
    visibility: input.visibility,
    ...accessSettings(input),
    creatorId: principal.user.id,
    by: requesterOf(principal),
    actor: actorOf(principal, c),
  });
  return replyJson(c, 201, projectJson(c.env.registry.settings.url, project, namespace));
}

async function namespaceFor(c: ApiContext, principal: Principal, id: number): Promise<Group> {
  const namespace = id > 0 ? await findGroup(c.env.registry.table, String(id)) : undefined;
  const missing = new RegistryError('groupNotFound', 'Namespace Not Found');
  if (!namespace) throw missing;
  await checkGroup(c, 'create-project', principal, namespace, missing);
  return namespace;
}

/** Derives the path of a project from its name, as GitLab does. */
function pathFrom(name: string | undefined): string | undefined {
  return name
    ?.normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_.-]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '');
}

type Settings = z.infer<z.ZodObject<typeof settings>>;

/** The access to packages and to images. */
function accessSettings(input: Settings) {
  return {
    registryAccess: accessOf(input.package_registry_access_level, input.packages_enabled),
    containerAccess: accessOf(input.container_registry_access_level, input.container_registry_enabled),
  };
}

/** The access that a level or the older switch sets; the level takes precedence. */
function accessOf(level: RegistryAccess | undefined, enabled: boolean | undefined) {
  if (level !== undefined || enabled === undefined) return level;
  return enabled ? 'enabled' : 'disabled';
}

async function showProject(c: ApiContext): Promise<Response> {
  const { principal, project } = await openProject(c, 'view', scopes.read);
  const memberships = await membershipsOf(c.env.registry, principal);
  const direct = memberships.direct.find(
    (each) => each.ownerKind === 'project' && each.ownerId === project.id,
  );
  const above = memberships.direct.filter(
    (each) => each.ownerKind === 'group' && project.ancestors.includes(each.ownerId),
  );
  const highest = Math.max(0, ...above.map(({ level }) => level));
  const access = (level: number) => (level > 0 ? { access_level: level, notification_level: 3 } : null);
  return replyJson(c, 200, {
    ...(await renderProject(c, project)),
    ...(principal.kind === 'user'
      ? { permissions: { project_access: access(direct?.level ?? 0), group_access: access(highest) } }
      : {}),
  });
}

async function renderProject(c: ApiContext, project: Project) {
  const namespaces = await groupsById(c.env.registry, [project.namespaceId]);
  return projectJson(c.env.registry.settings.url, project, namespaces.get(project.namespaceId));
}

async function updateProject(c: ApiContext): Promise<Response> {
  const { project, principal, rights } = await openProject(c, 'admin', scopes.write);
  const input = await readParams(c, changedProject);
  const { name, path = project.path, description, visibility = project.visibility } = input;
  const forOwners = path !== project.path || visibility !== project.visibility;
  if (forOwners && rights.level < levels.owner) throw new RegistryError('forbidden');
  const changes = { name, path, description, visibility, ...accessSettings(input) };
  const changed = await changeProject(
    c.env.registry,
    project,
    changes,
    actorOf(principal, c),
    requesterOf(principal),
  );
  return replyJson(c, 200, await renderProject(c, changed));
}

async function setArchived(c: ApiContext, archived: boolean): Promise<Response> {
  const { project, principal } = await openProject(c, 'own', scopes.write);
  const changed = await changeProject(c.env.registry, project, { archived }, actorOf(principal, c));
  return replyJson(c, 201, await renderProject(c, changed));
}

async function deleteProject(c: ApiContext): Promise<Response> {
  const { project, principal } = await openProject(c, 'own', scopes.write);
  await removeProject(c.env.registry, project, actorOf(principal, c));
  return replyJson(c, 202, { message: '202 Accepted' });
}
