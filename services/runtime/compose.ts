import { RegistryError } from '../domain/errors.ts';
import type { FormatRules } from '../domain/format-rules.ts';
import type { App } from '../http/call.ts';
import type { Format } from '../http/format/format.ts';
import { type OtherApp, registryApp } from '../http/registry-app.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import { type Clock, systemClock } from '../ports/clock.ts';
import { type Log, silentLog } from '../ports/log.ts';
import { type Meter, noMeter } from '../ports/meter.ts';
import { endlessRoom, type Room } from '../ports/room.ts';
import type { Seal } from '../ports/seal.ts';
import type { Table } from '../ports/table.ts';
import { noTokenUses, type TokenUseRecorder } from '../registry/accounts/token-uses.ts';
import type { Registry, RegistrySettings } from '../registry/context.ts';
import { documentCache } from '../registry/documents/document-cache.ts';
import { type DownloadCounter, noDownloads } from '../registry/downloads/download-counter.ts';
import { tableIds } from '../registry/records/ids.ts';
import { tableSigner } from '../registry/signing/table-signer.ts';

/** The adapters opened by a host. */
export interface Stores {
  readonly table: Table;
  readonly audit: Table;
  readonly blobs: BlobStore;
  /** By default, stores grow as needed. */
  readonly room?: Room | undefined;
  readonly clock?: Clock;
  /** Loads the formats that jobs need. By default jobs know none. */
  readonly formats?: () => Promise<readonly FormatRules[]>;
  /** Seals signing keys; without it nothing can be signed. */
  readonly seal?: Seal | undefined;
  readonly log?: Log;
  readonly meter?: Meter;
  readonly downloads?: DownloadCounter;
  readonly tokenUses?: TokenUseRecorder;
}

const MIB = 1024 * 1024;
const DAY = 24 * 3600 * 1000;

/** The default settings. */
export const defaultSettings: Omit<RegistrySettings, 'url' | 'allowedDownloadModes'> = {
  linkLifetime: 600,
  proxyDownload: false,
  proxyBelow: 0,
  corsOrigins: [],
  proxyLimit: Number.POSITIVE_INFINITY,
  bodyLimit: { bytes: 10 * 1024 * MIB, hint: '' },
  bodyIdleTimeout: 120_000,
  deletesBlobs: true,
  retention: 7 * DAY,
  pathReservation: 90 * DAY,
  untaggedRetention: 7 * DAY,
  blobGrace: DAY,
};

/** Creates the registry on the adapters of a host. `memory` limits the cache of rendered indexes, in bytes. */
export function createRegistry(
  stores: Stores,
  settings: Partial<RegistrySettings> & { readonly url: string },
  memory = 64 * MIB,
): Registry {
  const { table, audit, blobs, clock = systemClock, seal = noSeal, formats = async () => [] } = stores;
  const { room = endlessRoom } = stores;
  return {
    table,
    audit,
    blobs,
    room,
    clock,
    log: stores.log ?? silentLog,
    meter: stores.meter ?? noMeter,
    downloads: stores.downloads ?? noDownloads,
    tokenUses: stores.tokenUses ?? noTokenUses,
    settings: { ...defaultSettings, allowedDownloadModes: allowedModes(settings), ...settings },
    ids: tableIds(table, room),
    formats,
    signer: tableSigner({ table, clock, seal, registry: settings.url }),
    documents: documentCache(memory),
  };
}

/** Used when the host has no sealing key. */
const noSeal: Seal = { seal: refuseToSeal, open: refuseToSeal };

async function refuseToSeal(): Promise<never> {
  throw new RegistryError('noSealingKey');
}

/** Operators who proxy all downloads do not want clients to request links to the store. */
function allowedModes({
  proxyDownload,
}: Partial<RegistrySettings>): RegistrySettings['allowedDownloadModes'] {
  return proxyDownload ? ['proxy'] : ['proxy', 'direct'];
}

/** The request handler of a host: serves these formats, and `api` on all other paths. */
export function createApp(
  registry: Registry,
  parts: { readonly formats: readonly Format[]; readonly api: OtherApp },
): App {
  return registryApp(registry, parts.formats, parts.api);
}
