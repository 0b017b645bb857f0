import type { FormatRules } from '../domain/format-rules.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Meter } from '../ports/meter.ts';
import type { Room } from '../ports/room.ts';
import type { Signer } from '../ports/signer.ts';
import type { Table } from '../ports/table.ts';
import type { TokenUseRecorder } from './accounts/token-uses.ts';
import type { DocumentCache } from './documents/document-cache.ts';
import type { DownloadCounter } from './downloads/download-counter.ts';
import type { IdSource } from './records/ids.ts';

/** Instance-wide settings. */
export interface RegistrySettings {
  /** The public base URL, without a trailing slash; never derived from a request. */
  readonly url: string;
  /** How long a signed link is valid, in seconds. */
  readonly linkLifetime: number;
  /** Whether to send files through the registry instead of redirecting to the blob store. */
  readonly proxyDownload: boolean;
  /** Files up to this many bytes are sent by the registry even if the blob store can sign a link. */
  readonly proxyBelow: number;
  /** The largest response this host can send, in bytes. Larger files are sent as links, if the store can sign them. */
  readonly proxyLimit: number;
  /** The download modes a client may request. */
  readonly allowedDownloadModes: readonly ('proxy' | 'direct')[];
  /** The largest file a request can upload on this host, and the hint in the error for larger ones. */
  readonly bodyLimit: { readonly bytes: number; readonly hint: string };
  /** Idle timeout for request bodies, in milliseconds. */
  readonly bodyIdleTimeout: number;
  /** Whether this process may delete blobs; if not, only the sweep does. */
  readonly deletesBlobs: boolean;
  /** How long removed packages, files and projects can be restored, in milliseconds; 0 purges them at once. */
  readonly retention: number;
  /** How long the path of a deleted or renamed group or project is reserved, in milliseconds; 0 frees it at once. */
  readonly pathReservation: number;
  /** The origins whose pages may use the registry from a browser, as `https://host`; `*` for all. */
  readonly corsOrigins: readonly string[];
  /**
   * How long a version of a format with movable tags is kept without a tag, in milliseconds: something may still refer to
   * it by its digest.
   */
  readonly untaggedRetention: number;
  /** How long an unreferenced blob is kept, in milliseconds. */
  readonly blobGrace: number;
}

/** What every operation works with: the ports, the settings, and the in-memory state of the process. */
export interface Registry {
  readonly table: Table;
  readonly audit: Table;
  readonly blobs: BlobStore;
  /** Whether the stores have room for additions. */
  readonly room: Room;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly settings: RegistrySettings;
  readonly ids: IdSource;
  /** The rules of the enabled formats, loaded on first use. */
  readonly formats: () => Promise<readonly FormatRules[]>;
  /** Signs indexes with the keys of projects and groups. */
  readonly signer: Signer;
  readonly documents: DocumentCache;
  readonly downloads: DownloadCounter;
  readonly tokenUses: TokenUseRecorder;
}
