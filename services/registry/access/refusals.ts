import type { Feature } from '../../domain/access.ts';
import type { Group, Principal, Project } from '../../domain/accounts.ts';
import { RegistryError } from '../../domain/errors.ts';
import type { Decision } from './authorize.ts';
import type { Holding } from './holdings.ts';

/** The error of each refusal, and its reason for operators. */
const refusals = {
  unauthenticated: ['unauthenticated', 'hidden, no token'],
  hidden: ['projectNotFound', 'hidden'],
  denied: ['forbidden', 'role too low'],
  'out-of-scope': ['insufficientScope', 'wrong scope'],
  disabled: ['registryDisabled', 'registry disabled'],
  archived: ['projectArchived', 'project archived'],
} as const;

const CONTAINERS_DISABLED = 'Forbidden - The registry of images is disabled for this project';

/** @throws RegistryError the error for the decision about a feature of a project, unless it is `allow`. */
export function requireDecision(decision: Decision, feature: Feature = 'packages'): void {
  if (decision === 'allow') return;
  const [code, reason] = refusals[decision];
  const disabled = feature === 'containers' && decision === 'disabled' ? CONTAINERS_DISABLED : undefined;
  throw new RegistryError(code, disabled, { reason });
}

/**
 * The error for a change under a path that a project or group no longer has; only reads follow it. For callers who may
 * make the change, since it tells the new path.
 */
export function pathMoved({ fullPath }: Pick<Group | Project, 'fullPath'>): RegistryError {
  return new RegistryError('pathMoved', `Not Found - moved to ${fullPath}; changes need the new path`);
}

/** The error for a file that no copy has, in a package that some holding has, or in no package. */
export function missingFile(holdings: readonly Pick<Holding, 'head'>[]): RegistryError {
  return new RegistryError(holdings.some(({ head }) => head) ? 'fileNotFound' : 'packageNotFound');
}

/** The error for a project or group that is missing or hidden. Only operators learn which. */
export function absent(
  principal: Principal,
  code: 'projectNotFound' | 'groupNotFound',
  reason: 'missing' | 'hidden',
): RegistryError {
  if (principal.kind !== 'anonymous') return new RegistryError(code, undefined, { reason });
  return new RegistryError('unauthenticated', undefined, { reason: `${reason}, no token` });
}
