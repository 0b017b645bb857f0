import type { Principal } from '../../domain/accounts.ts';
import type { FormatRules } from '../../domain/format-rules.ts';
import type { ProjectAction } from '../access/authorize.ts';
import { readRights } from '../access/project-rights.ts';
import { locateProjectOn } from '../accounts/find-accounts.ts';
import type { Registry } from '../context.ts';
import type { GrantedAccess, GrantedAction } from './grant.ts';

const needed: Readonly<Record<GrantedAction, ProjectAction>> = {
  pull: 'pull',
  push: 'publish',
  delete: 'delete',
};

/** What a caller may do of what it requests, by the paths of packages. Nothing tells what is missing from what is hidden. */
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
        rights.may(needed[action], format.feature) && (action === 'pull' || !located.moved);
      return { path, actions: [...actions].filter(may) };
    }),
  );
  return granted.filter(({ actions }) => actions.length > 0);
}
