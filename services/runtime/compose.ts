import type { App } from '../http/call.ts';
import type { Format } from '../http/format/format.ts';
import { type OtherApp, registryApp } from '../http/registry-app.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import { type Clock, systemClock } from '../ports/clock.ts';
import { type Log, silentLog } from '../ports/log.ts';
import type { Table } from '../ports/table.ts';
import type { Registry, RegistrySettings } from '../registry/context.ts';
import { documentCache } from '../registry/documents/document-cache.ts';
import { tableIds } from '../registry/records/ids.ts';

/** The adapters a host has opened. */
export interface Stores {
  readonly table: Table;
  readonly audit: Table;
  readonly blobs: BlobStore;
  readonly clock?: Clock;
  readonly log?: Log;
}

const MIB = 1024 * 1024;
const DAY = 24 * 3600 * 1000;

/** Settings as they are where an operator says nothing. */
export const defaultSettings: Omit<RegistrySettings, 'url' | 'allowedDownloadModes'> = {
  linkLifetime: 600,
  proxyDownload: false,
  proxyBelow: 0,
  proxyLimit: Number.POSITIVE_INFINITY,
  bodyLimit: { bytes: 10 * 1024 * MIB, hint: '' },
  bodyPatience: 120_000,
  deletesBlobs: true,
  retention: 7 * DAY,
  blobGrace: DAY,
};

/** Puts the core together over the adapters of a host. `memory` bounds the rendered indexes kept, in bytes. */
export function createRegistry(
  stores: Stores,
  settings: Partial<RegistrySettings> & { readonly url: string },
  memory = 64 * MIB,
): Registry {
  return {
    table: stores.table,
    audit: stores.audit,
    blobs: stores.blobs,
    clock: stores.clock ?? systemClock,
    log: stores.log ?? silentLog,
    settings: { ...defaultSettings, allowedDownloadModes: allowedModes(settings), ...settings },
    ids: tableIds(stores.table),
    documents: documentCache(memory),
  };
}

/** An operator who lets no client reach the store by links does not mean to let it ask for one. */
function allowedModes({
  proxyDownload,
}: Partial<RegistrySettings>): RegistrySettings['allowedDownloadModes'] {
  return proxyDownload ? ['proxy'] : ['proxy', 'direct'];
}

/** The request handler of a host that serves these formats, and `api` for all other paths. */
export function createApp(
  registry: Registry,
  parts: { readonly formats: readonly Format[]; readonly api: OtherApp },
): App {
  return registryApp(registry, parts.formats, parts.api);
}
