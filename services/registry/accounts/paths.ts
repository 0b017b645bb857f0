import { RegistryError } from '../../domain/errors.ts';

/** Words that mean something else where a path may stand in a URL, so nothing may be called so. */
const reserved = new Set([
  '-',
  'admin',
  'api',
  'assets',
  'dashboard',
  'explore',
  'groups',
  'help',
  'jwt',
  'oauth',
  'packages',
  'projects',
  'users',
  'v2',
  ...['access_tokens', 'archive', 'audit_events', 'deploy_tokens', 'descendant_groups', 'invitations'],
  ...[
    'job_token_scope',
    'members',
    'package_settings',
    'registry',
    'restore',
    'rotate',
    'share',
    'subgroups',
  ],
  ...['transfer', 'unarchive', 'webhooks', 'virtual_registries', 'dependency_proxy', 'service_accounts'],
]);

/**
 * Checks one segment of a path: letters, digits, `_`, `.` and `-`, starting with a letter, digit or `_`, at most
 * 255 characters, not all digits (ids are), no `.git` or `.atom` at the end, and not a reserved word.
 */
export function checkPath(path: string): string {
  const wellFormed = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$/.test(path);
  if (!wellFormed || /\.(git|atom)$/i.test(path) || path.endsWith('.') || /^\d+$/.test(path)) {
    throw taken('path', 'can contain only letters, digits, _, - and ., and must hold more than digits');
  }
  if (reserved.has(path.toLowerCase())) throw taken('path', 'is a reserved name');
  return path;
}

/** A validation error of one field, in the shape GitLab's API has. */
export function taken(field: string, reason: string): RegistryError {
  return new RegistryError('invalidRequest', `${field} ${reason}`, { fields: { [field]: [reason] } });
}
