import type { Group, Principal, Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Decision } from './authorize.ts';

const refusals = {
  unauthenticated: 'unauthenticated',
  hidden: 'projectNotFound',
  denied: 'forbidden',
  'out-of-scope': 'insufficientScope',
  disabled: 'registryDisabled',
  archived: 'projectArchived',
} as const;

/** @throws RegistryError the error for the decision, unless it is `allow`. */
export function requireDecision(decision: Decision): void {
  if (decision !== 'allow') throw new RegistryError(refusals[decision]);
}

/**
 * The error for a change under a path that a project or group no longer has; only reads follow it. For callers who may
 * make the change, since it tells the new path.
 */
export function pathMoved({ fullPath }: Pick<Group | Project, 'fullPath'>): RegistryError {
  return new RegistryError('pathMoved', `Not Found - moved to ${fullPath}; changes need the new path`);
}

/** The error for a project or group that is missing or hidden. */
export function absent(principal: Principal, code: 'projectNotFound' | 'groupNotFound'): RegistryError {
  return new RegistryError(principal.kind === 'anonymous' ? 'unauthenticated' : code);
}
