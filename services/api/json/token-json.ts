/** Renders members and tokens as in GitLab's API. */
import { type AccessToken, type DeployToken, isActive, type TokenFacts } from '../../domain/accounts.ts';
import type { KnownMember } from '../../registry/accounts/find-members.ts';
import { timeJson, userJson } from './account-json.ts';

/** A member of a group or project. */
export function memberJson(url: string, { member, user }: KnownMember) {
  return {
    ...userJson(url, user),
    access_level: member.level,
    created_at: timeJson(member.createdAt),
    created_by: null,
    expires_at: member.expiresOn,
    membership_state: 'active',
    ...(user.bot ? { is_using_seat: false } : {}),
  };
}

/** The day on which a token expires, at midnight UTC. */
function expiryDay({ expiresAt }: TokenFacts): string | null {
  return expiresAt === null ? null : new Date(expiresAt).toISOString().slice(0, 10);
}

/** The id of the token that a token was made with and ends with; of the first one, if that one was rotated. */
function parentOf({ parents }: TokenFacts): number | null {
  return parents?.at(-1) ?? null;
}

/** An access token without its secret. */
export function accessTokenJson(token: AccessToken, now: number) {
  return {
    id: token.id,
    name: token.name,
    revoked: token.revoked,
    created_at: timeJson(token.createdAt),
    description: token.description,
    scopes: token.scopes,
    user_id: token.userId,
    last_used_at: timeJson(token.lastUsedAt),
    active: isActive(token, now),
    expires_at: expiryDay(token),
    last_used_ips: [],
    parent_id: parentOf(token),
  };
}

/** An access token of a project or group. Its level is that of its bot, null if the token was revoked. */
export function resourceTokenJson(token: AccessToken, level: number | undefined, now: number) {
  return {
    ...accessTokenJson(token, now),
    access_level: level ?? null,
    resource_type: token.kind,
    resource_id: token.resourceId,
  };
}

/** A deploy token without its secret. */
export function deployTokenJson(token: DeployToken, now: number) {
  return {
    id: token.id,
    name: token.name,
    username: token.username,
    expires_at: timeJson(token.expiresAt),
    scopes: token.scopes,
    revoked: token.revoked,
    expired: token.expiresAt !== null && now >= token.expiresAt,
    parent_id: parentOf(token),
  };
}
