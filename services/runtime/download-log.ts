import { gunzipSync } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import type { RegistryEvent } from '../domain/events.ts';
import type { Log } from '../ports/log.ts';
import { type TokenUseRecorder, USE_INTERVAL } from '../registry/accounts/token-uses.ts';
import { dayOf, type VersionDownloads } from '../registry/downloads/count-downloads.ts';
import type { DownloadCounter } from '../registry/downloads/download-counter.ts';
import { readEvent } from '../registry/events/record-event.ts';

/** The messages of the log lines that record a download and a use of a token. `lib/constructs/download-log.ts` filters for them. */
export const DOWNLOAD_MESSAGE = 'file downloaded';
export const TOKEN_MESSAGE = 'token used';

/** The maximum size of one delivery, decompressed. CloudWatch sends about a megabyte. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Logs each download for a job to count, since a function can't keep counts in memory. */
export function loggingCounter(log: Log): DownloadCounter {
  return {
    count({ versionId, version, fileName }, at) {
      log.info(DOWNLOAD_MESSAGE, { version_id: versionId, version, file: fileName, downloaded_at: at });
    },
  };
}

/**
 * Logs the uses of tokens for a job to record, each token at most once an hour in a process. A use is only worth a
 * line if the token's record has none of the last hour.
 */
export function loggingTokenUses(log: Log): TokenUseRecorder {
  const logged = new LRUCache<number, number>({ max: 10_000 });
  return {
    used({ id }, at) {
      if (at - (logged.get(id) ?? Number.NEGATIVE_INFINITY) < USE_INTERVAL) return;
      logged.set(id, at);
      log.info(TOKEN_MESSAGE, { token_id: id, used_at: at });
    },
  };
}

/** The payload of a log group subscription: gzipped JSON in base64. */
export interface LogDelivery {
  readonly awslogs: { readonly data: string };
}

interface LogEvents {
  readonly messageType: string;
  readonly logEvents: readonly {
    readonly id: string;
    readonly timestamp: number;
    readonly message: string;
  }[];
}

/**
 * The event with the downloads and uses of tokens in a delivery, or undefined without any. A repeated delivery has the same event
 * id.
 */
export function downloadsEvent({ awslogs }: LogDelivery): RegistryEvent | undefined {
  const text = gunzipSync(Buffer.from(awslogs.data, 'base64'), { maxOutputLength: MAX_BYTES }).toString();
  const { messageType, logEvents } = JSON.parse(text) as LogEvents;
  if (messageType !== 'DATA_MESSAGE') return undefined;
  const versions = new Map<number, VersionDownloads>();
  const tokens = new Map<number, number>();
  for (const { message, timestamp } of logEvents) {
    const { versionId, tokenId } = recordedIn(message);
    if (tokenId !== undefined) tokens.set(tokenId, Math.max(timestamp, tokens.get(tokenId) ?? 0));
    if (versionId === undefined) continue;
    const counted = versions.get(versionId);
    const day = dayOf(timestamp);
    const days = { ...counted?.days, [day]: (counted?.days[day] ?? 0) + 1 };
    versions.set(versionId, { versionId, days, lastAt: Math.max(timestamp, counted?.lastAt ?? 0) });
  }
  if (versions.size === 0 && tokens.size === 0) return undefined;
  const id = `${logEvents[0]?.id}-${logEvents.at(-1)?.id}`;
  const details = {
    downloads: [...versions.values()],
    tokens: [...tokens].map(([id, lastAt]) => ({ id, lastAt })),
  };
  return readEvent(JSON.stringify({ id, type: 'files_downloaded', at: logEvents[0]?.timestamp, details }));
}

/** The version whose download a line records, or the token whose use it records. */
function recordedIn(line: string): { readonly versionId?: number; readonly tokenId?: number } {
  try {
    const parsed = JSON.parse(line) as { message?: string; version_id?: number; token_id?: number };
    const { message, version_id: versionId, token_id: tokenId } = parsed;
    if (message === DOWNLOAD_MESSAGE && Number.isSafeInteger(versionId))
      return { versionId: Number(versionId) };
    if (message === TOKEN_MESSAGE && Number.isSafeInteger(tokenId)) return { tokenId: Number(tokenId) };
  } catch {
    // Other lines need not be JSON.
  }
  return {};
}
