import type { Principal } from '../../domain/accounts.ts';
import type { FormatRules } from '../../domain/format-rules.ts';
import { readRights } from '../access/project-rights.ts';
import { locateProjectOn } from '../accounts/find-accounts.ts';
import type { Registry } from '../context.ts';
import { type GrantedAccess, type GrantedAction, projectActions } from './grant.ts';

/**
 * The part of a request that a caller is allowed,  by the paths of packages. The result is the same
 * for missing and hidden projects.
 */
export async function grantable(
  registry: Registry,
  input: {
    readonly principal: Principal;
    readonly format: FormatRules;
    readonly requested: ReadonlyMap<string, ReadonlySet<GrantedAction>>;
  },
): Promise<readonly GrantedAccess[]> {
  const { principal, format, requested } = input;
  const granted = await Promise.all(
    [...requested].map(async ([path, actions]): Promise<GrantedAccess> => {
      const located = await locateProjectOn(registry.table, path);
      if (!located) return { path, actions: [] };
      const rights = await readRights(registry, principal, located.entity);
      const may = (action: GrantedAction) =>
        rights.may(projectActions[action], format.feature) && (action === 'pull' || !located.moved);
      return { path, actions: [...actions].filter(may) };
    }),
  );
  return granted.filter(({ actions }) => actions.length > 0);
}
