import { randomUUID } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { managementApi } from '../../api/app.ts';
import type { App } from '../../http/call.ts';
import type { Log } from '../../ports/log.ts';
import { ensureRoot } from '../../registry/accounts/ensure-root.ts';
import { pendingTokenUses } from '../../registry/accounts/token-uses.ts';
import type { Registry } from '../../registry/context.ts';
import { pendingDownloads } from '../../registry/downloads/download-counter.ts';
import { recordHome } from '../../registry/maintenance/migrate/storage-home.ts';
import { readSchema, SCHEMA } from '../../registry/maintenance/upgrade/schema.ts';
import { upgradeData } from '../../registry/maintenance/upgrade/upgrade-data.ts';
import { VERSION } from '../../shared/version.ts';
import { createApp, createRegistry } from '../compose.ts';
import { allFormats } from '../families/all.ts';
import { addressOf } from './address-of.ts';
import { behindProxies } from './client-address.ts';
import { countingMeter } from './counting-meter.ts';
import { flushDownloads, startFlushing } from './flush-downloads.ts';
import { flushTokenUses } from './flush-token-uses.ts';
import { greeting } from './greeting.ts';
import { type ServerState, withHealth } from './health.ts';
import { openJobQueues, startConsuming, startJobs } from './jobs.ts';
import { jsonLog } from './json-log.ts';
import { meteredTable } from './metered-table.ts';
import { withMetrics } from './metrics-page.ts';
import { startMigrations } from './migration-runner.ts';
import { type Listening, type ListenOptions, listen } from './node-server.ts';
import { type OpenedStores, openStores } from './open-stores.ts';
import { keepRootToken } from './root-token-file.ts';
import { hasOnlyLocalUrl, homeNames, homeOf, requireUrl, type ServerSettings } from './settings.ts';
import { locationName, startWith } from './storage-location.ts';
import { watchHome } from './watch-home.ts';
import { watchRoom } from './watch-room.ts';

/** A running server. */
export interface Serving {
  readonly url: string;
  readonly port: number;
  /** The root token, if it was generated at this start. */
  readonly rootToken: string | undefined;
  /**
   * Resolves with the reason when the server has closed all connections because it must not continue. Usually
   * never.
   */
  readonly outdated: Promise<string>;
  /**
   * Reports not ready from now on, keeps accepting requests for the configured drain time (so that a load balancer
   * can notice), then accepts no new ones, finishes the requests and jobs in progress and closes the stores.
   */
  stop(): Promise<void>;
}

/** How a server is started. */
export interface ServeOptions {
  /** Whether a person reads what is printed: then there is a greeting, with a new root token in it. */
  readonly isTerminal?: boolean;
}

/**
 * Serves all formats and the API on one machine, and runs the jobs there too. `print` gets lines of JSON and nothing
 * else, unless a person reads them. Then a new root token is printed; otherwise it is written into a file.
 */
export async function serve(
  settings: ServerSettings,
  print: (text: string) => void,
  { isTerminal = false }: ServeOptions = {},
): Promise<Serving> {
  requireUrl(settings);
  const log = jsonLog(settings.log, print);
  const began = performance.now();
  log.info('server starting', { version: VERSION, node: process.version });
  const opened = await openStores(settings);
  const meter = countingMeter();
  const stores = { ...opened, table: meteredTable(opened.table, meter) };
  try {
    const home = await recordHome(stores.table, homeNames(settings), startWith);
    const started = Promise.withResolvers<App>();
    let state: ServerState = 'starting';
    let app: App = async (request, host) => (await started.promise)(request, host);
    const front = withHealth(
      (request, host) => app(request, host),
      () => state,
      stores.room,
    );
    const { host, port, keepAliveSeconds, idleSeconds } = settings;
    const listening = await listenOn(front, {
      host,
      port,
      keepAlive: keepAliveSeconds * 1000,
      // A stalled upload gets a response before its connection is closed.
      idleTimeout: idleSeconds * 1000 + 10_000,
    });
    const url = settings.url ?? addressOf(settings.host, listening.port);
    const downloads = pendingDownloads(randomUUID());
    const tokenUses = pendingTokenUses();
    const registry = createRegistry(
      { ...stores, log, meter, downloads, tokenUses, formats: async () => allFormats },
      { url, ...registrySettings(settings) },
    );
    const schema = await readSchema(registry);
    const root = await makeRoot(registry, settings, isTerminal);
    const { room } = registry;
    const metrics = { meter, room, queued: queuesOf(stores), token: settings.metricsToken };
    app = behindProxies(
      createApp(registry, { formats: allFormats, api: withMetrics(managementApi, metrics) }),
      settings.trustedProxies,
    );
    started.resolve(app);
    const jobs = startJobsOf(registry, stores);
    const flushing = [
      startFlushing(registry, () => flushDownloads(registry, downloads)),
      startFlushing(registry, () => flushTokenUses(registry, tokenUses)),
    ];
    const upgrade = schema < SCHEMA ? startUpgrade(registry) : undefined;
    const migrations = stores.migration && startMigrations(registry, stores.migration, home);
    const outdated = Promise.withResolvers<string>();
    // Only one server at a time uses the records in a data directory.
    const watchingRoom = watchRoom(registry);
    const watch = settings.table && watchHome(registry, homeNames(settings), shutDown);
    let ended = false;
    function shutDown(reason: string): void {
      log.error('shutting down', { reason });
      ended = true;
      void listening.end();
      outdated.resolve(reason);
    }
    void stores.failed?.then(({ message }) => shutDown(message));
    void tryStore(registry);
    if (hasOnlyLocalUrl(settings)) {
      log.info('clients on other machines need another URL', { url, advice: 'set PACKHOUSE_URL or --url' });
    }
    state = 'serving';
    const store = describeStorage(settings);
    if (!settings.table) await warnOfOpenDirectory(log, settings.dataDir);
    log.info('server started', {
      url,
      port: listening.port,
      storage: store,
      duration_ms: Math.round(performance.now() - began),
    });
    if (isTerminal) print(greeting({ url, store, rootToken: root.secret }));
    return {
      url,
      port: listening.port,
      rootToken: root.secret,
      outdated: outdated.promise,
      async stop() {
        state = 'draining';
        log.info('server stopping', { url });
        await listening.stop(ended ? 0 : settings.drainSeconds * 1000);
        if (watch) await watch.stop();
        watchingRoom.stop();
        await upgrade?.stop();
        await migrations?.stop();
        await jobs?.stop();
        for (const each of flushing) await each.stop();
        await stores.close();
        log.info('server stopped', { url });
      },
    };
  } catch (error) {
    await stores.close();
    throw error;
  }
}

/** Makes the user root and its token. Without a person to show it to, a new token is written into a file. */
async function makeRoot(
  registry: Registry,
  settings: ServerSettings,
  isTerminal: boolean,
): Promise<{ readonly secret?: string }> {
  if (!settings.makeRoot) return {};
  let kept: string | undefined;
  const root = await ensureRoot(registry, settings.rootToken, async (secret) => {
    if (!isTerminal) kept = await keepRootToken(settings.dataDir, secret);
  });
  if (!kept) return root;
  // Another server may have made the token first; then this one is good for nothing.
  if (root.secret === undefined) await rm(kept);
  else registry.log.info('root token written to a file', { path: kept });
  return root;
}

/** Directories that an earlier version of Packhouse or an operator created may be readable by others. */
async function warnOfOpenDirectory(log: Log, directory: string): Promise<void> {
  const { mode } = await stat(directory);
  if ((mode & 0o077) === 0) return;
  const path = resolve(directory);
  const advice = `run chmod 700 ${path}`;
  log.info('other users may read the data directory', {
    path,
    mode: (mode & 0o777).toString(8).padStart(4, '0'),
    advice,
  });
}

/** Upgrades records of an older schema while the registry serves. The sweep continues after a stop or failure. */
function startUpgrade(registry: Registry): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = upgradeData(registry, stopping.signal).catch((error: unknown) =>
    registry.log.error('upgrade failed', { error }),
  );
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** Runs the jobs of this machine, or those of a deployment that the settings assign to this server. */
function startJobsOf(registry: Registry, { queue, consumes }: OpenedStores) {
  if (!queue) return undefined;
  return consumes ? startConsuming(registry, queue, consumes) : startJobs(registry, queue);
}

/** The queues of the jobs that this server runs. */
function queuesOf({ queue, consumes }: OpenedStores) {
  return queue ? openJobQueues(queue, consumes) : [];
}

/**
 * Logs at startup if the blob store can't be reached, rather than at the first upload. It may recover by itself.
 */
async function tryStore({ blobs, log }: Registry): Promise<void> {
  await blobs.list().catch((error: unknown) => log.error('blob store unreachable', { error }));
}

const DAY = 24 * 3600 * 1000;

/** The settings that the core uses. */
function registrySettings(settings: ServerSettings) {
  const { proxyDownload, proxyBelow, linkLifetime, allowedDownloadModes } = settings;
  const { deleteBlobs, idleSeconds, retentionDays, pathReservationDays, untaggedDays, corsOrigins } =
    settings;
  return {
    proxyDownload,
    proxyBelow,
    linkLifetime,
    ...(allowedDownloadModes && { allowedDownloadModes }),
    corsOrigins,
    deletesBlobs: deleteBlobs,
    retention: retentionDays * DAY,
    pathReservation: pathReservationDays * DAY,
    untaggedRetention: untaggedDays * DAY,
    bodyIdleTimeout: idleSeconds * 1000,
  };
}

async function listenOn(app: App, options: ListenOptions): Promise<Listening> {
  try {
    return await listen(app, options);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const { host, port } = options;
    const reason = {
      EADDRINUSE: `port ${port} of ${host} is in use: choose another with --port`,
      EADDRNOTAVAIL: `${host} is not an address of this machine: choose another with --host`,
      EACCES: `no permission to use port ${port}: choose one above 1023 with --port`,
    }[code ?? ''];
    throw reason ? Object.assign(new Error(reason, { cause }), { code }) : cause;
  }
}

function describeStorage(settings: ServerSettings): string {
  const { table, dataDir, migrateFrom } = settings;
  const home = locationName(homeOf(settings));
  if (home === 'local' && !migrateFrom) return resolve(dataDir);
  const records = table ? `the table ${table}` : resolve(dataDir);
  const former = migrateFrom ? `, older blobs in ${locationName(migrateFrom)}` : '';
  return `${home}${former}, with records in ${records}`;
}
