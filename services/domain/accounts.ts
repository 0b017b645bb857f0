import type { RegistryAccess, Scope, Visibility } from './access.ts';
import type { FullPath } from './names.ts';

/** A person, or the bot behind a project or group access token. Times are milliseconds since the epoch. */
export interface User {
  readonly id: number;
  readonly username: FullPath;
  readonly name: string;
  readonly email: string;
  readonly state: 'active' | 'blocked';
  readonly admin: boolean;
  readonly bot: boolean;
  /** The user's personal namespace, which contains personal projects; 0 for bots. */
  readonly namespaceId: number;
  readonly createdAt: number;
}

/**
 * A namespace of projects: a group (possibly nested), or the personal namespace of a user. `ancestors` are the ids
 * of the groups above it, root first.
 */
export interface Group {
  readonly id: number;
  readonly kind: 'group' | 'user';
  readonly name: string;
  readonly path: string;
  readonly fullName: string;
  readonly fullPath: FullPath;
  readonly parentId: number | null;
  readonly ancestors: readonly number[];
  readonly description: string;
  readonly visibility: Visibility;
  readonly projectCreationLevel: 'noone' | 'owner' | 'maintainer' | 'developer' | 'administrator';
  readonly subgroupCreationLevel: 'owner' | 'maintainer';
  readonly settings: PackageSettings;
  readonly createdAt: number;
  /** Whether packages were ever published in a project that was in it or below; absent if not. */
  readonly published?: boolean;
  /**
   * Whether paths below it still have to follow a change of its own path: until then, nothing is created in it, and no
   * path in it changes. Absent if not.
   */
  readonly moving?: true;
  /** Whether it is being deleted with everything below it. It is treated as absent; absent if not. */
  readonly removing?: true;
  /** The ids of former namespaces whose place it has taken, so that paths reserved in those are its own. */
  readonly succeeds?: readonly number[];
}

/** Duplicate rules by format id. A format without an entry uses its default. */
export interface PackageSettings {
  readonly duplicates: { readonly [format: string]: DuplicateRule };
}

/**
 * Whether an existing version (or one of its files) may be published again. `exceptions` is an RE2 expression
 * matched against the whole name or version; a match inverts the rule.
 */
export interface DuplicateRule {
  readonly allowed: boolean;
  readonly exceptions: string;
}

/** A project, to which packages are published. `ancestors` are its namespace and the groups above, root first. */
export interface Project {
  readonly id: number;
  readonly name: string;
  readonly path: string;
  readonly fullName: string;
  readonly fullPath: FullPath;
  readonly namespaceId: number;
  readonly ancestors: readonly number[];
  readonly description: string;
  readonly visibility: Visibility;
  readonly registryAccess: RegistryAccess;
  /** Access to its images; absent is `enabled`. */
  readonly containerAccess?: RegistryAccess;
  readonly archived: boolean;
  readonly creatorId: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Whether packages were ever published in it; absent if not. */
  readonly published?: boolean;
}

/** A user's direct membership in a group or project. */
export interface Member {
  readonly userId: number;
  readonly level: number;
  /** The day at whose start the membership ends, `YYYY-MM-DD` in UTC; null if it does not. */
  readonly expiresOn: string | null;
  readonly createdAt: number;
}

/** A membership together with its group or project. */
export interface Membership extends Member {
  readonly ownerKind: 'group' | 'project' | 'user';
  readonly ownerId: number;
}

/** The attributes common to all kinds of tokens. Only the SHA-256 of the secret is stored. */
export interface TokenFacts {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: number;
  /** When it expires (midnight UTC of its expiry date); null if it does not. */
  readonly expiresAt: number | null;
  readonly revoked: boolean;
  readonly lastUsedAt: number | null;
  /** The id of the first token in its chain of rotations; absent for the first itself. */
  readonly lineage?: number;
  /**
   * The lineages of the tokens that this one was made with, the first one first: it ends when one of them is revoked
   * or expires. Absent if it depends on no other token.
   */
  readonly parents?: readonly number[];
  /** The expiry of the token itself, where `expiresAt` may be that of a parent. Never stored. */
  readonly ownExpiresAt?: number | null;
  /** The former name of `lineage`, in tokens stored before the renaming. Read by `lineageOf`, never written. */
  readonly family?: number;
}

/** A token that acts as a user: a person, or the bot of a project or group. */
export interface AccessToken extends TokenFacts {
  readonly kind: 'personal' | 'project' | 'group';
  readonly userId: number;
  /** The project or group of the bot; null for a person's token. */
  readonly resourceId: number | null;
}

/** A token without a user, for one project or a group with everything below it. */
export interface DeployToken extends TokenFacts {
  readonly kind: 'project-deploy' | 'group-deploy';
  readonly username: string;
  readonly resourceId: number;
}

/** Any stored token. */
export type Token = AccessToken | DeployToken;

/** The authenticated author of a request. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'user';
      readonly user: User;
      readonly token: AccessToken;
      /** The administrator who acts as the user (`Sudo`), to whom the token belongs. */
      readonly impersonator?: User;
    }
  | { readonly kind: 'deploy'; readonly token: DeployToken };

/** The principal of requests without credentials. */
export const anonymous: Principal = { kind: 'anonymous' };

/** The id of the first token in a token's chain of rotations; its own id if it is the first. */
export function lineageOf({ id, lineage, family }: TokenFacts): number {
  return lineage ?? family ?? id;
}

/** Whether a token is valid at `now` (milliseconds since the epoch). */
export function isActive(token: TokenFacts, now: number): boolean {
  return !token.revoked && (token.expiresAt === null || now < token.expiresAt);
}
