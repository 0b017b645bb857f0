/** Facts about what happened, written in the transaction that made them true. */
import type { Group, Member, Project, Token, User } from './accounts.ts';
import type { PackageStatus } from './packages.ts';

/** How a request came in, as far as the registry could see: nothing that signs anybody in. */
export interface Caller {
  readonly requestId: string;
  /** The token that was used; absent for requests without one. */
  readonly token?: { readonly id: number; readonly kind: Token['kind'] };
  readonly address?: string;
  /** What the client calls itself: printable characters, at most 256. */
  readonly userAgent?: string;
}

/** Who did it: a user by id and name, a deploy token, or the registry itself. No secrets. */
export interface Actor {
  readonly kind: 'user' | 'deploy_token' | 'system';
  readonly id: number;
  readonly name: string;
  /** The request that did it; absent for what the registry does by itself, and in events from before it was kept. */
  readonly via?: Caller;
}

/** What an event about accounts happened to, or happened in. */
export type EventOwner = {
  readonly kind: 'user' | 'group' | 'project';
  readonly id: number;
  readonly path: string;
};

/** The fields of something that a change made differ, before it and after it. */
interface Changed<T> {
  readonly before: Partial<T>;
  readonly after: Partial<T>;
}

type MemberFacts = Pick<Member, 'level' | 'expiresOn'>;
type TokenFacts = { readonly token: number; readonly kind: Token['kind'] };

/** What the events of packages tell beside the package. */
interface PackageEventDetails {
  package_published: { readonly file?: string; readonly files?: number; readonly size: number };
  package_file_added: { readonly file: string; readonly size: number };
  /** `id` is that of the version. */
  package_deleted: { readonly id: number };
  package_file_deleted: { readonly file: string };
  package_restored: { readonly id: number };
  package_file_restored: { readonly file: string };
  package_changed: Changed<{ readonly status: PackageStatus }>;
  tag_moved: { readonly tag: string };
  tag_deleted: { readonly tag: string };
  /** The name became one that lists and searches know, or is one no more. For jobs: what caused it is told by itself. */
  name_listed: { readonly rootId: number };
  name_unlisted: { readonly rootId: number };
}

/** What hosts tell of several packages at once; such events do not come from a transaction. */
interface HostEventDetails {
  /** Downloads of the files of versions, by day (`YYYY-MM-DD`). The event's id names the batch. */
  files_downloaded: {
    readonly downloads: readonly {
      readonly versionId: number;
      readonly days: Readonly<Record<string, number>>;
      readonly lastAt: number;
    }[];
  };
}

/** What the events of users, groups, projects, members and tokens tell beside whom they are about. */
interface AccountEventDetails {
  user_created: { readonly admin: boolean };
  user_changed: Changed<Pick<User, 'state'>>;
  group_created: Pick<Group, 'visibility'>;
  group_changed: Changed<Group>;
  group_deleted: Record<never, never>;
  project_created: Pick<Project, 'visibility' | 'registryAccess'>;
  project_changed: Changed<Project>;
  project_deleted: Record<never, never>;
  project_restored: Record<never, never>;
  member_added: { readonly user: number; readonly after: MemberFacts };
  member_changed: { readonly user: number } & Changed<MemberFacts>;
  member_removed: { readonly user: number; readonly before: MemberFacts };
  token_created: TokenFacts & { readonly scopes: string };
  token_rotated: TokenFacts & { readonly successor: number };
  token_revoked: TokenFacts;
}

/** The details of each event, as it is recorded. */
export type EventDetails = PackageEventDetails & AccountEventDetails & HostEventDetails;

/** What an event may tell of packages. Past tense: it has happened. */
export type PackageEventType = keyof PackageEventDetails;

/** What an event may tell of users, groups, projects, members and tokens. */
export type AccountEventType = keyof AccountEventDetails;

/** What an event may tell. */
export type EventType = keyof EventDetails;

/** What every event has. `id` is unique and sorts by time; consumers use it to be idempotent. */
export interface EventFields {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly actor: Actor;
}

/** Which package an event is about; the version is null when it is about the whole package. */
export interface AboutPackage {
  readonly projectId: number;
  readonly projectPath: string;
  readonly format: string;
  readonly name: string;
  readonly version: string | null;
}

/** Which account an event is about. The project is the owner, if that is one, else 0. */
export interface AboutAccount {
  readonly owner: EventOwner;
  readonly projectId: number;
  readonly projectPath: string;
  readonly format: '';
  /** What it happened to: a user name, the name of a token, or the path of the owner itself. */
  readonly name: string;
  readonly version: null;
}

type About<T extends EventType> = T extends AccountEventType ? AboutAccount : AboutPackage;

/** An event that is about to be recorded, one of a union by `type`. */
export type NewEvent<T extends EventType = EventType> = {
  [Type in T]: EventFields & About<Type> & { readonly type: Type; readonly details: EventDetails[Type] };
}[T];

/**
 * An event as it is read back, one of a union by `type`. Which details it has depends on the version of the registry that
 * recorded it: those of today, some of them, or others.
 */
export type RegistryEvent<T extends EventType = EventType> = {
  [Type in T]: EventFields &
    About<Type> & { readonly type: Type; readonly details: Partial<EventDetails[Type]> };
}[T];
