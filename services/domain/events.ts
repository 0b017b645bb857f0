/** Facts about what happened, written in the transaction that made them true. */

/** What an event may tell. Past tense: it has happened. */
export type EventType =
  | 'package_published'
  | 'package_file_added'
  | 'package_deleted'
  | 'package_file_deleted'
  | 'package_changed'
  | 'tag_moved'
  | 'tag_deleted';

/** Who did it: a user by id and name, a deploy token, or the registry itself. No secrets. */
export interface Actor {
  readonly kind: 'user' | 'deploy_token' | 'system';
  readonly id: number;
  readonly name: string;
}

/** One event. `id` is unique and sorts by time; consumers use it to be idempotent. */
export interface RegistryEvent {
  readonly id: string;
  readonly type: EventType;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly actor: Actor;
  readonly projectId: number;
  readonly projectPath: string;
  readonly format: string;
  readonly name: string;
  readonly version: string | null;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}
