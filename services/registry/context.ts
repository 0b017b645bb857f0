import type { FormatRules } from '../domain/format-rules.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Signer } from '../ports/signer.ts';
import type { Table } from '../ports/table.ts';
import type { DocumentCache } from './documents/document-cache.ts';
import type { DownloadCounter } from './downloads/download-counter.ts';
import type { IdSource } from './records/ids.ts';

/** What an operator decides about the registry as a whole. */
export interface RegistrySettings {
  /** The address users see, without a trailing slash; never taken from a request. */
  readonly url: string;
  /** How long a signed link works, in seconds. */
  readonly linkLifetime: number;
  /** Send files through the registry instead of redirecting to the blob store. */
  readonly proxyDownload: boolean;
  /** Files up to this many bytes are sent by the registry even where a link could be given. */
  readonly proxyBelow: number;
  /** The most bytes this host can send in one answer; more is always sent by a link, where one can be given. */
  readonly proxyLimit: number;
  /** Which ways of sending a client may ask for. */
  readonly allowedDownloadModes: readonly ('proxy' | 'direct')[];
  /** The most bytes of a file that a request can bring on this host, and what to tell who sends more. */
  readonly bodyLimit: { readonly bytes: number; readonly hint: string };
  /** How long a client is waited for that has stopped sending in the middle of a body, in milliseconds. */
  readonly bodyPatience: number;
  /** Whether this process may delete blobs; where it may not, only the sweep does. */
  readonly deletesBlobs: boolean;
  /** How long removed packages, files and projects can be restored, in milliseconds; 0 purges them at once. */
  readonly retention: number;
  /** How long an unreferenced blob is kept, in milliseconds. */
  readonly blobGrace: number;
}

/** What every verb works with: the ports, the settings, and what the process may keep in memory. */
export interface Registry {
  readonly table: Table;
  readonly audit: Table;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: RegistrySettings;
  readonly ids: IdSource;
  /** What the core must know of the formats that are served; loaded when it is first asked for. */
  readonly formats: () => Promise<readonly FormatRules[]>;
  /** Signs indexes with the keys of projects and groups. */
  readonly signer: Signer;
  readonly documents: DocumentCache;
  readonly downloads: DownloadCounter;
}
