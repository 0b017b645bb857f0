/** Facts about what happened, written in the transaction that made them true. */

/** What an event may tell of packages. Past tense: it has happened. */
export type PackageEventType =
  | 'package_published'
  | 'package_file_added'
  | 'package_deleted'
  | 'package_file_deleted'
  | 'package_changed'
  | 'tag_moved'
  | 'tag_deleted';

/** What an event may tell of users, groups, projects, members and tokens. */
export type AccountEventType =
  | 'user_created'
  | 'user_changed'
  | 'group_created'
  | 'group_changed'
  | 'group_deleted'
  | 'project_created'
  | 'project_changed'
  | 'project_deleted'
  | 'member_added'
  | 'member_changed'
  | 'member_removed'
  | 'token_created'
  | 'token_rotated'
  | 'token_revoked';

/** What an event may tell. */
export type EventType = PackageEventType | AccountEventType;

/** Who did it: a user by id and name, a deploy token, or the registry itself. No secrets. */
export interface Actor {
  readonly kind: 'user' | 'deploy_token' | 'system';
  readonly id: number;
  readonly name: string;
}

/** What an event about accounts happened to, or happened in. */
export type EventOwner = {
  readonly kind: 'user' | 'group' | 'project';
  readonly id: number;
  readonly path: string;
};

/**
 * One event. `id` is unique and sorts by time; consumers use it to be idempotent.
 * An event about accounts has an `owner` and no format; its project is the owner, if that is one, else 0.
 */
export interface RegistryEvent {
  readonly id: string;
  readonly type: EventType;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly actor: Actor;
  readonly projectId: number;
  readonly projectPath: string;
  readonly owner?: EventOwner;
  readonly format: string;
  readonly name: string;
  readonly version: string | null;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}
