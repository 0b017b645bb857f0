import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { managementApi } from '../../api/app.ts';
import type { App } from '../../http/call.ts';
import { ensureRoot } from '../../registry/accounts/ensure-root.ts';
import type { Registry } from '../../registry/context.ts';
import { pendingDownloads } from '../../registry/downloads/download-counter.ts';
import { claimHome } from '../../registry/maintenance/migrate/storage-home.ts';
import { readSchema, SCHEMA } from '../../registry/maintenance/upgrade/schema.ts';
import { upgradeData } from '../../registry/maintenance/upgrade/upgrade-data.ts';
import { createApp, createRegistry } from '../compose.ts';
import { allFormats } from '../families/all.ts';
import { addressOf } from './address-of.ts';
import { behindProxies } from './client-address.ts';
import { startFlushing } from './flush-downloads.ts';
import { greeting } from './greeting.ts';
import { type ServerState, withHealth } from './health.ts';
import { startConsuming, startJobs } from './jobs.ts';
import { jsonLog } from './json-log.ts';
import { startMigrations } from './migration-runner.ts';
import { type Listening, type ListenOptions, listen } from './node-server.ts';
import { type OpenedStores, openStores } from './open-stores.ts';
import { placeName, startWith } from './places.ts';
import { homeNames, homeOf, type ServerSettings } from './settings.ts';
import { watchHome } from './watch-home.ts';

/** A registry that is being served. */
export interface Serving {
  readonly url: string;
  readonly port: number;
  /** The root token, when this start made it up. */
  readonly rootToken: string | undefined;
  /** Resolves, if ever, when the server has ended all connections, and takes no more, as it must not go on; with the reason. */
  readonly outdated: Promise<string>;
  /**
   * Is no longer ready from now on, takes requests for as long as the settings say nevertheless (a load balancer needs
   * that long to see it), then no new ones, finishes the requests and jobs under way and closes the stores.
   */
  stop(): Promise<void>;
}

/** Serves every format and the API on one machine, and does the jobs there too. `print` gets what people should read. */
export async function serve(settings: ServerSettings, print: (text: string) => void): Promise<Serving> {
  const log = jsonLog(settings.log, print);
  const stores = await openStores(settings);
  try {
    const home = await claimHome(stores.table, homeNames(settings), startWith);
    const started = Promise.withResolvers<App>();
    let state: ServerState = 'starting';
    let app: App = async (request, host) => (await started.promise)(request, host);
    const front = withHealth(
      (request, host) => app(request, host),
      () => state,
    );
    const { host, port, keepAliveSeconds, idleSeconds } = settings;
    const listening = await listenOn(front, {
      host,
      port,
      keepAlive: keepAliveSeconds * 1000,
      // An upload that stands still is answered before its connection is cut.
      idleTimeout: idleSeconds * 1000 + 10_000,
    });
    const url = settings.url ?? addressOf(settings.host, listening.port);
    const downloads = pendingDownloads(randomUUID());
    const registry = createRegistry(
      { ...stores, log, downloads, formats: async () => allFormats },
      { url, ...registrySettings(settings) },
    );
    const schema = await readSchema(registry);
    const root: { secret?: string } = settings.makeRoot ? await ensureRoot(registry, settings.rootToken) : {};
    app = behindProxies(
      createApp(registry, { formats: allFormats, api: managementApi }),
      settings.trustedProxies,
    );
    started.resolve(app);
    const jobs = startJobsOf(registry, stores);
    const flushing = startFlushing(registry, downloads);
    const upgrade = schema < SCHEMA ? startUpgrade(registry) : undefined;
    const migrations = stores.migration && startMigrations(registry, stores.migration, home);
    const outdated = Promise.withResolvers<string>();
    // Records in the data directory have one server at a time.
    const watch = settings.table && watchHome(registry, homeNames(settings), endAtOnce);
    let ended = false;
    function endAtOnce(reason: string): void {
      log.error('server ends', { reason });
      ended = true;
      void listening.end();
      outdated.resolve(reason);
    }
    void stores.failed?.then(({ message }) => endAtOnce(message));
    void tryStore(registry);
    state = 'serving';
    print(greeting({ url, store: placesOf(settings), rootToken: root.secret }));
    return {
      url,
      port: listening.port,
      rootToken: root.secret,
      outdated: outdated.promise,
      async stop() {
        state = 'draining';
        await listening.stop(ended ? 0 : settings.drainSeconds * 1000);
        if (watch) await watch.stop();
        await upgrade?.stop();
        await migrations?.stop();
        await jobs?.stop();
        await flushing.stop();
        await stores.close();
      },
    };
  } catch (error) {
    await stores.close();
    throw error;
  }
}

/** Upgrades records of an older schema while the registry serves. What is left at a stop, or fails, is for the sweep. */
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

/** Does the jobs of this machine, or those of a deployment that the settings leave to this server. */
function startJobsOf(registry: Registry, { queue, consumes }: OpenedStores) {
  if (!queue) return undefined;
  return consumes ? startConsuming(registry, queue, consumes) : startJobs(registry, queue);
}

/** Says at once when blobs can't be reached, not at the first upload; the store may be back by then. */
async function tryStore({ blobs, log }: Registry): Promise<void> {
  await blobs.list().catch((error: unknown) => log.error('the store of blobs does not answer', { error }));
}

const DAY = 24 * 3600 * 1000;

/** What of the settings the core goes by. */
function registrySettings(settings: ServerSettings) {
  const { proxyDownload, proxyBelow, linkLifetime, allowedDownloadModes } = settings;
  const { deleteBlobs, idleSeconds, retentionDays } = settings;
  return {
    proxyDownload,
    proxyBelow,
    linkLifetime,
    ...(allowedDownloadModes && { allowedDownloadModes }),
    deletesBlobs: deleteBlobs,
    retention: retentionDays * DAY,
    bodyPatience: idleSeconds * 1000,
  };
}

async function listenOn(app: App, options: ListenOptions): Promise<Listening> {
  try {
    return await listen(app, options);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const { host, port } = options;
    const reason = {
      EADDRINUSE: `port ${port} of ${host} is taken: choose another with --port`,
      EADDRNOTAVAIL: `${host} is no address of this machine: choose another with --host`,
      EACCES: `port ${port} is not for this user: choose one above 1023 with --port`,
    }[code ?? ''];
    throw reason ? Object.assign(new Error(reason, { cause }), { code }) : cause;
  }
}

function placesOf(settings: ServerSettings): string {
  const { table, dataDir, migrateFrom } = settings;
  const home = placeName(homeOf(settings));
  if (home === 'local' && !migrateFrom) return resolve(dataDir);
  const records = table ? `the table ${table}` : resolve(dataDir);
  const former = migrateFrom ? `, older ones still in ${placeName(migrateFrom)}` : '';
  return `${home}${former}, their records in ${records}`;
}
