import { memoryBlobStore } from '../../services/adapters/memory/memory-blob-store.ts';
import { memorySeal } from '../../services/adapters/memory/memory-seal.ts';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import { managementApi } from '../../services/api/app.ts';
import type { Visibility } from '../../services/domain/access.ts';
import { levels } from '../../services/domain/access.ts';
import type { Group, Project, User } from '../../services/domain/accounts.ts';
import type { App } from '../../services/http/call.ts';
import type { Format } from '../../services/http/format/format.ts';
import type { Log } from '../../services/ports/log.ts';
import { createGroup } from '../../services/registry/accounts/create-group.ts';
import { createProject, type NewProject } from '../../services/registry/accounts/create-project.ts';
import { createUser, memberWrite } from '../../services/registry/accounts/create-user.ts';
import {
  issueDeployToken,
  issuePersonalToken,
  issueResourceToken,
} from '../../services/registry/accounts/issue-token.ts';
import type { Registry, RegistrySettings } from '../../services/registry/context.ts';
import { pendingDownloads } from '../../services/registry/downloads/download-counter.ts';
import { createApp, createRegistry, type Stores } from '../../services/runtime/compose.ts';
import { allFormats } from '../../services/runtime/families/all.ts';
import { flushDownloads } from '../../services/runtime/server/flush-downloads.ts';
import { fakeClock } from './fake-clock.ts';
import { withPreparedKeys } from './prepared-keys.ts';
import { runJobs } from './run-jobs.ts';

/** The address of the app under test. */
export const URL_BASE = 'http://registry.test';

/** The complete application on memory adapters, with one group and an administrator. */
export async function startApp(
  options: {
    settings?: Partial<RegistrySettings>;
    stores?: Partial<Stores>;
    /** The formats to serve; by default every format of the catalog. */
    formats?: readonly Format[];
  } = {},
) {
  const { formats = allFormats } = options;
  const clock = fakeClock();
  const errors: unknown[] = [];
  const log: Log = { debug() {}, info() {}, error: (message, fields) => errors.push({ message, ...fields }) };
  const seal = options.stores?.seal ?? memorySeal();
  const downloads = pendingDownloads('test');
  const stores: Stores = {
    table: memoryTable(),
    audit: memoryTable(),
    blobs: memoryBlobStore(),
    clock,
    log,
    seal,
    formats: async () => formats,
    downloads,
    ...options.stores,
  };
  // Most tests of deletions check what they free, so nothing is retained.
  const settings = { url: URL_BASE, retention: 0, ...options.settings };
  const registry = withPreparedKeys(createRegistry(stores, settings), seal);
  const app = createApp(registry, { formats, api: managementApi });
  const root = await createUser(registry, {
    username: 'root',
    name: 'Root',
    email: 'root@example.com',
    admin: true,
  });
  const rootToken = await personalToken(registry, root);
  const group = await createGroup(registry, {
    name: 'Acme',
    path: 'acme',
    visibility: 'public',
    ownerId: root.id,
  });
  const make = (input: Partial<NewProject> = {}) =>
    createProject(registry, { namespace: group, name: 'Tools', path: 'tools', creatorId: root.id, ...input });
  return {
    app,
    registry,
    clock,
    /** What was logged as an error; a test that expects none checks that it is empty. */
    errors,
    root,
    rootToken,
    group,
    /** Makes a project in `group`. */
    project: (path: string, visibility: Visibility = 'private', namespace: Group = group) =>
      make({ path, name: path, visibility, namespace }),
    /** Makes a subgroup of `group`. */
    subgroup: (path: string, visibility: Visibility = 'public', parent: Group = group) =>
      createGroup(registry, { name: path, path, parent, visibility, ownerId: root.id }),
    /** Makes a user; returns it with a token. */
    async user(username: string, member?: { level: number; of: Project | Group }) {
      const user = await createUser(registry, { username, name: username, email: `${username}@example.com` });
      if (member) await addMember(registry, user, member.of, member.level);
      return { user, token: await personalToken(registry, user) };
    },
    /** Runs the jobs until nothing is left to do, so that searches find what was just published. */
    runJobs: () => runJobs(registry),
    /** Writes the downloads that were counted. */
    flushDownloads: () => flushDownloads(registry, downloads),
    /** Sends a request to the app. */
    send: sender(app),
    /** Sends requests to an app on `other`, such as one whose process dies. */
    sendTo: (other: Registry) => sender(createApp(other, { formats, api: managementApi })),
  };
}

/** Sends requests to `app`. */
function sender(app: App) {
  return async (
    method: string,
    path: string,
    init: { token?: string; headers?: Record<string, string>; body?: unknown } = {},
  ) => {
    const headers = new Headers(init.headers);
    if (init.token) headers.set('authorization', `Bearer ${init.token}`);
    const body = init.body as ConstructorParameters<typeof Request>[1] extends { body?: infer B } ? B : never;
    const request = new Request(URL_BASE + path, {
      method,
      headers,
      ...(body === undefined || body === null ? {} : { body, duplex: 'half' }),
    } as RequestInit);
    return app(request, {});
  };
}

/** What `startApp` returns. */
export type TestApp = Awaited<ReturnType<typeof startApp>>;

/** Makes a user a member of a project or group. */
export async function addMember(
  registry: Registry,
  user: User,
  of: Project | Group,
  level: number = levels.developer,
): Promise<void> {
  const kind = 'namespaceId' in of ? 'project' : 'group';
  await registry.table.write([memberWrite({ kind, id: of.id }, user.id, level, null, registry.clock.now())]);
}

/** A personal token of a user, with scope `api` unless others are given. */
export async function personalToken(
  registry: Registry,
  user: User,
  scopes: Parameters<typeof issuePersonalToken>[2]['scopes'] = ['api'],
): Promise<string> {
  return (await issuePersonalToken(registry, user, { name: 'test', scopes, expiresAt: null })).secret;
}

/** A deploy token of a project or group. */
export async function deployToken(
  registry: Registry,
  of: Project | Group,
  scopes: Parameters<typeof issueDeployToken>[2]['scopes'],
) {
  const kind = 'namespaceId' in of ? ('project' as const) : ('group' as const);
  return issueDeployToken(registry, { kind, id: of.id }, { name: 'deploy', scopes, expiresAt: null });
}

/** A project or group access token. */
export async function accessToken(registry: Registry, of: Project | Group, level: number) {
  const kind = 'namespaceId' in of ? ('project' as const) : ('group' as const);
  return issueResourceToken(
    registry,
    { kind, id: of.id },
    { name: 'bot', scopes: ['api'], expiresAt: null, level },
  );
}

/** The app type, for helpers that take any host's. */
export type { App };
