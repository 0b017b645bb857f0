import type { Principal, User } from '../../domain/accounts.ts';
import { homeOfBot } from '../../domain/bots.ts';
import { authorizeGroup, authorizeProject } from '../access/authorize.ts';
import type { Registry } from '../context.ts';
import { findGroup, findProject } from './find-accounts.ts';
import { membershipsOf } from './memberships.ts';

/**
 * Whether a caller may know of a user. People are known to everybody who is signed in. A bot's name contains the id of
 * its project or group, so only those who may see that, the bot itself and administrators may know of it.
 */
export async function seesUser(registry: Registry, principal: Principal, user: User): Promise<boolean> {
  if (!user.bot) return true;
  if (principal.kind === 'user' && (principal.user.admin || principal.user.id === user.id)) return true;
  const home = homeOfBot(user);
  if (!home) return false;
  const id = String(home.ownerId);
  const memberships = await membershipsOf(registry, principal);
  if (home.ownerKind === 'group') {
    const group = await findGroup(registry.table, id);
    if (!group) return false;
    return authorizeGroup('view', principal, group, memberships.levelIn(group, 'group')) === 'allow';
  }
  const project = await findProject(registry.table, id);
  if (!project) return false;
  return authorizeProject('view', principal, project, memberships.levelIn(project, 'project')) === 'allow';
}
