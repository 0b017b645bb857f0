import type { Principal } from '../../domain/accounts.ts';
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

/** The error for a project or group that is missing or hidden. */
export function absent(principal: Principal, code: 'projectNotFound' | 'groupNotFound'): RegistryError {
  return new RegistryError(principal.kind === 'anonymous' ? 'unauthenticated' : code);
}
