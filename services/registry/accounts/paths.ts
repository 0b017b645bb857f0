import { RegistryError } from '../../domain/errors.ts';
import { type FullPath, nameLimits, parseFullPath } from '../../domain/names.ts';

/**
 * Words that follow the id of a group or project in addresses of the management API and of formats. A full path
 * written with unescaped slashes ends before the first of these words, so no group or project may use one as its
 * path.
 */
export const ownerSubresources: ReadonlySet<string> = new Set([
  '-',
  'access_tokens',
  'archive',
  'audit_events',
  'debian_distributions',
  'dependency_proxy',
  'deploy_tokens',
  'descendant_groups',
  'exists',
  'groups',
  'invitations',
  'job_token_scope',
  'members',
  'package_settings',
  'packages',
  'projects',
  'registry',
  'restore',
  'service_accounts',
  'share',
  'subgroups',
  'transfer',
  'unarchive',
  'users',
  'variables',
  'virtual_registries',
  'webhooks',
]);

/** Words used at the root of the host, where full paths can also appear. */
const hostWords: ReadonlySet<string> = new Set([
  'admin',
  'api',
  'assets',
  'dashboard',
  'explore',
  'help',
  'jwt',
  'oauth',
  'rotate',
  'v2',
]);

/**
 * Checks one segment of a path: letters, digits, `_`, `.` and `-`, starting with a letter, digit or `_`, at most
 * 255 characters, not only digits (those are ids), not ending in `.`, `.git` or `.atom`, and not a reserved word.
 * @throws RegistryError `invalidRequest` if the segment is not valid.
 */
export function checkPath(path: string): string {
  const wellFormed = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$/.test(path);
  if (!wellFormed || /\.(git|atom)$/i.test(path) || path.endsWith('.') || /^\d+$/.test(path)) {
    throw invalidField(
      'path',
      'can contain only letters, digits, _, - and ., at most 255, and cannot consist of digits only',
    );
  }
  const word = path.toLowerCase();
  if (ownerSubresources.has(word) || hostWords.has(word)) throw invalidField('path', 'is a reserved name');
  return path;
}

/**
 * The full path of a segment that `checkPath` has accepted, below `parent` or at the top.
 * @throws RegistryError `invalidRequest` if the full path is too long.
 */
export function fullPathOf(path: string, parent?: { readonly fullPath: FullPath }): FullPath {
  const fullPath = parseFullPath(parent ? `${parent.fullPath}/${path}` : path);
  if (fullPath !== undefined) return fullPath;
  throw invalidField('path', `is too long: with the groups above, at most ${nameLimits.fullPath} characters`);
}

/** A validation error of one field, in the shape of GitLab's API. */
export function invalidField(field: string, reason: string): RegistryError {
  return new RegistryError('invalidRequest', `${field} ${reason}`, { fields: { [field]: [reason] } });
}
