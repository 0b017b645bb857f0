import type { RegistryAccess, Scope, Visibility } from './access.ts';

/** A person, or the bot behind a project or group access token. Times are milliseconds since the epoch. */
export interface User {
  readonly id: number;
  readonly username: string;
  readonly name: string;
  readonly email: string;
  readonly state: 'active' | 'blocked';
  readonly admin: boolean;
  readonly bot: boolean;
  /** The user's own namespace, where personal projects live; bots have none (0). */
  readonly namespaceId: number;
  readonly createdAt: number;
}

/**
 * A namespace that holds projects: a group (maybe nested), or the personal one of a user.
 * `ancestors` are the ids of the groups above it, the root first.
 */
export interface Group {
  readonly id: number;
  readonly kind: 'group' | 'user';
  readonly name: string;
  readonly path: string;
  readonly fullName: string;
  readonly fullPath: string;
  readonly parentId: number | null;
  readonly ancestors: readonly number[];
  readonly description: string;
  readonly visibility: Visibility;
  readonly projectCreationLevel: 'noone' | 'owner' | 'maintainer' | 'developer' | 'administrator';
  readonly subgroupCreationLevel: 'owner' | 'maintainer';
  readonly settings: PackageSettings;
  readonly createdAt: number;
}

/** Duplicate rules by format id; a format that is absent follows its own default. */
export interface PackageSettings {
  readonly duplicates: { readonly [format: string]: DuplicateRule };
}

/**
 * Whether a name and version (or a file of it) may be published again. `exceptions` is an RE2 expression matched
 * against the whole name or version; a match turns the rule around.
 */
export interface DuplicateRule {
  readonly allowed: boolean;
  readonly exceptions: string;
}

/** A project: the place packages are published to. `ancestors` are its namespace and those above, root first. */
export interface Project {
  readonly id: number;
  readonly name: string;
  readonly path: string;
  readonly fullName: string;
  readonly fullPath: string;
  readonly namespaceId: number;
  readonly ancestors: readonly number[];
  readonly description: string;
  readonly visibility: Visibility;
  readonly registryAccess: RegistryAccess;
  readonly archived: boolean;
  readonly creatorId: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A user's level in a group or project, direct. */
export interface Member {
  readonly userId: number;
  readonly level: number;
  /** The day from whose start it no longer counts, `YYYY-MM-DD` in UTC, or null. */
  readonly expiresOn: string | null;
  readonly createdAt: number;
}

/** What a token is, whatever its kind. The secret itself is never kept, only its SHA-256. */
export interface TokenFacts {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: number;
  /** The moment it stops working (midnight UTC of its expiry date), or null. */
  readonly expiresAt: number | null;
  readonly revoked: boolean;
  readonly lastUsedAt: number | null;
  /** The first token of the rotations this one comes from; absent when it is the first. */
  readonly lineage?: number;
  /** What `lineage` is called in tokens that were stored before it had that name. Read by `lineageOf`, never written. */
  readonly family?: number;
}

/** A token that acts as a user: that of a person, or of the bot of a project or group. */
export interface AccessToken extends TokenFacts {
  readonly kind: 'personal' | 'project' | 'group';
  readonly userId: number;
  /** The project or group of the bot; null for a person's. */
  readonly resourceId: number | null;
}

/** A token that acts for no user, on one project or on a group and all below it. */
export interface DeployToken extends TokenFacts {
  readonly kind: 'project-deploy' | 'group-deploy';
  readonly username: string;
  readonly resourceId: number;
}

/** Any stored token. */
export type Token = AccessToken | DeployToken;

/** Who makes a request, as the frame found out. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'user'; readonly user: User; readonly token: AccessToken }
  | { readonly kind: 'deploy'; readonly token: DeployToken };

/** The principal of a request without credentials. */
export const anonymous: Principal = { kind: 'anonymous' };

/** The id of the first token of the rotations that a token comes from; its own when it is the first. */
export function lineageOf({ id, lineage, family }: TokenFacts): number {
  return lineage ?? family ?? id;
}

/** Whether a token still works at `now` (milliseconds). */
export function isActive(token: TokenFacts, now: number): boolean {
  return !token.revoked && (token.expiresAt === null || now < token.expiresAt);
}
