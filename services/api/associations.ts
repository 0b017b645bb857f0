import * as z from 'zod';
import { accessTokenScopes } from '../domain/access.ts';
import type { Project } from '../domain/accounts.ts';
import { replyJson } from '../http/answer/reply.ts';
import {
  filtered,
  groupsById,
  memberGroups,
  walkMemberProjects,
} from '../registry/accounts/list-accounts.ts';
import { membershipsOf } from '../registry/accounts/memberships.ts';
import { groupJson, simpleProjectJson } from './json/account-json.ts';
import { pageOf, paging, rowsById, sortedRows } from './paginate.ts';
import { integer, readParams } from './params.ts';
import { type ApiContext, signedIn } from './request.ts';

const params = z.object({ ...paging, min_access_level: integer.default(0) });

/**
 * `GET /personal_access_tokens/self/associations`: the groups and projects a token gives access to, with its
 * levels.
 */
export async function replyAssociations(c: ApiContext): Promise<Response> {
  const principal = await signedIn(c, accessTokenScopes);
  const input = await readParams(c, params);
  const { registry } = c.env;
  const { url } = registry.settings;
  const memberships = await membershipsOf(registry, principal);
  const minLevel = input.min_access_level;
  const groups = await memberGroups(registry, memberships.direct);
  const [groupPage, projectPage] = await Promise.all([
    pageOf(
      c,
      input,
      sortedRows(
        groups.filter((group) => memberships.levelIn(group, 'group') >= minLevel),
        { by: ({ id }) => id, id: ({ id }) => id, descending: false },
      ),
    ),
    pageOf(
      c,
      input,
      rowsById(
        input,
        false,
        ({ id }: Project) => id,
        (walk) =>
          filtered(
            walkMemberProjects(registry, memberships.direct, walk),
            (project) => memberships.levelIn(project, 'project') >= minLevel,
          ),
      ),
    ),
  ]);
  const namespaces = await groupsById(
    registry,
    projectPage.rows.map(({ namespaceId }) => namespaceId),
  );
  return replyJson(c, 200, {
    groups: groupPage.rows.map((group) => {
      const { id, web_url, name, parent_id, organization_id, visibility } = groupJson(url, group);
      const level = memberships.levelIn(group, 'group');
      return { id, web_url, name, parent_id, organization_id, access_levels: level, visibility };
    }),
    projects: projectPage.rows.map((project) => ({
      ...simpleProjectJson(url, project, namespaces.get(project.namespaceId)),
      access_levels: {
        project_access_level: memberships.levelIn(project, 'project'),
        group_access_level: null,
      },
    })),
  });
}
