/** Events: facts recorded in the transaction that made them true. */
import type { Group, Member, Project, Token, User } from './accounts.ts';
import type { PackageStatus } from './packages.ts';

/** The origin of a request, as seen by the registry. Contains no credentials. */
export interface Caller {
  readonly requestId: string;
  /** The token of the request; absent without one. */
  readonly token?: { readonly id: number; readonly kind: Token['kind'] };
  /** The administrator who acted as the user (`Sudo`). */
  readonly impersonator?: { readonly id: number; readonly name: string };
  readonly address?: string;
  /** The client's `User-Agent`: printable characters, at most 256. */
  readonly userAgent?: string;
}

/** Who caused an event: a user by id and name, a deploy token, or the registry itself. Contains no secrets. */
export interface Actor {
  readonly kind: 'user' | 'deploy_token' | 'system';
  readonly id: number;
  readonly name: string;
  /** The request; absent for actions of the registry itself, and in events older than this field. */
  readonly via?: Caller;
}

/** The account an event is about, or in which it happened. */
export type EventOwner = {
  readonly kind: 'user' | 'group' | 'project';
  readonly id: number;
  readonly path: string;
};

/** The changed fields, before and after the change. */
interface Changed<T> {
  readonly before: Partial<T>;
  readonly after: Partial<T>;
}

type MemberFacts = Pick<Member, 'level' | 'expiresOn'>;
type TokenFacts = { readonly token: number; readonly kind: Token['kind'] };

/**
 * A changed version in an event: its status, and what its format says about it (`facts`), such as the text of a
 * deprecation.
 */
export interface VersionState {
  readonly status: PackageStatus;
  readonly facts?: Readonly<Record<string, string>>;
}

/** The details of package events, in addition to the package. A tag that does not exist has the version null. */
interface PackageEventDetails {
  package_published: {
    readonly file?: string;
    readonly files?: number;
    readonly size: number;
    /** The tags that were set to the version. */
    readonly tags?: readonly string[];
  };
  /** `before` and `after` if the status of the version changed as well. */
  package_file_added: { readonly file: string; readonly size: number } & Partial<Changed<VersionState>>;
  /** `id` is the version's. */
  package_deleted: { readonly id: number };
  package_file_deleted: { readonly file: string };
  package_restored: { readonly id: number };
  package_file_restored: { readonly file: string };
  package_changed: Changed<VersionState>;
  tag_moved: { readonly tag: string; readonly before: string | null; readonly after: string };
  /** A default tag is not deleted, but moved to the default version. */
  tag_deleted: { readonly tag: string; readonly before: string | null; readonly after: string | null };
  /** A name has been added to or removed from lists and searches. Only for jobs: the cause has its own event. */
  name_added: { readonly rootId: number };
  name_removed: { readonly rootId: number };
}

/** Events that hosts create for several packages at once, outside of transactions. */
interface HostEventDetails {
  /** Downloads of version files by day (`YYYY-MM-DD`). The event's id identifies the batch. */
  files_downloaded: {
    readonly downloads: readonly {
      readonly versionId: number;
      readonly days: Readonly<Record<string, number>>;
      readonly lastAt: number;
    }[];
    /** The last uses of tokens, logged beside the downloads; absent in events that earlier versions of Packhouse wrote. */
    readonly tokens?: readonly { readonly id: number; readonly lastAt: number }[];
  };
}

/** The details of events of users, groups, projects, members and tokens, in addition to the account. */
interface AccountEventDetails {
  user_created: { readonly admin: boolean };
  user_changed: Changed<Pick<User, 'state'>>;
  group_created: Pick<Group, 'visibility'>;
  group_changed: Changed<Group>;
  /** The deletion of a group with everything below it has begun; a job finishes it. */
  group_removal_started: Record<never, never>;
  group_deleted: Record<never, never>;
  project_created: Pick<Project, 'visibility' | 'registryAccess' | 'containerAccess'>;
  project_changed: Changed<Project>;
  project_deleted: Record<never, never>;
  project_restored: Record<never, never>;
  /** The path was reserved for the former group or project that is the owner. */
  path_released: Record<never, never>;
  member_added: { readonly user: number; readonly after: MemberFacts };
  member_changed: { readonly user: number } & Changed<MemberFacts>;
  member_removed: { readonly user: number; readonly before: MemberFacts };
  /** `parent` is the token that it was made with and ends with; absent if it depends on no other. */
  token_created: TokenFacts & { readonly scopes: string; readonly parent?: number };
  token_rotated: TokenFacts & { readonly successor: number };
  token_revoked: TokenFacts;
  /** The token no longer ends with the one it was made with. */
  token_released: TokenFacts;
}

/**
 * The details of what administrators do with names. Ids are of root namespaces; null is nobody.
 */
interface NameEventDetails {
  name_moved: { readonly before: number | null; readonly after: number };
  name_released: { readonly before: number };
  prefix_bound: { readonly before: number | null; readonly after: number };
  prefix_unbound: { readonly before: number };
}

/** The details of each event type, as recorded. */
export type EventDetails = PackageEventDetails & AccountEventDetails & HostEventDetails & NameEventDetails;

/** The types of events of users, groups, projects, members and tokens. */
export type AccountEventType = keyof AccountEventDetails;

/** The types of events of names and prefixes of names. */
export type NameEventType = keyof NameEventDetails;

/** All event types. */
export type EventType = keyof EventDetails;

/**
 * Event types that are stored under other names than the code uses. The stored names do not change: during a
 * deployment, functions of one version of Packhouse write events that the topic of the other version filters by type,
 * and an event of an unknown type reaches no job.
 */
const storedTypes: { readonly [Type in EventType]?: string } = {
  name_added: 'name_listed',
  name_removed: 'name_unlisted',
};

const typesByStored = new Map(Object.entries(storedTypes).map(([type, stored]) => [stored, type]));

/** Returns the stored name of an event type. */
export function storedEventType(type: EventType): string {
  return storedTypes[type] ?? type;
}

/** Returns the event type with a stored name; the name itself if no type is stored under another name. */
export function eventTypeOf(stored: string): string {
  return typesByStored.get(stored) ?? stored;
}

/** The common fields. `id` is unique and sorts by time; consumers use it to be idempotent. */
export interface EventFields {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly actor: Actor;
}

/** The package an event is about. `version` is null if it is about the whole package. */
export interface AboutPackage {
  readonly projectId: number;
  readonly projectPath: string;
  readonly format: string;
  readonly name: string;
  readonly version: string | null;
}

/** The account an event is about. The project is the owner if that is a project, else 0. */
export interface AboutAccount {
  readonly owner: EventOwner;
  readonly projectId: number;
  readonly projectPath: string;
  readonly format: '';
  /** The subject: a user name, the name of a token, or the path of the owner itself. */
  readonly name: string;
  readonly version: null;
}

/** The name, or prefix of names, that an event is about. The owner is the root namespace that gets it or had it. */
export interface AboutName {
  readonly owner: EventOwner;
  readonly projectId: 0;
  readonly projectPath: '';
  readonly format: string;
  readonly name: string;
  readonly version: null;
}

type About<T extends EventType> = T extends AccountEventType
  ? AboutAccount
  : T extends NameEventType
    ? AboutName
    : AboutPackage;

/** An event to be recorded: a union by `type`. */
export type NewEvent<T extends EventType = EventType> = {
  [Type in T]: EventFields & About<Type> & { readonly type: Type; readonly details: EventDetails[Type] };
}[T];

/**
 * An event as read back: a union by `type`. Its details depend on the version of the registry that recorded it and
 * may be incomplete or different.
 */
export type RegistryEvent<T extends EventType = EventType> = {
  [Type in T]: EventFields &
    About<Type> & { readonly type: Type; readonly details: Partial<EventDetails[Type]> };
}[T];
