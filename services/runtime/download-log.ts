import { gunzipSync } from 'node:zlib';
import type { RegistryEvent } from '../domain/events.ts';
import type { Log } from '../ports/log.ts';
import { dayOf, type VersionDownloads } from '../registry/downloads/count-downloads.ts';
import type { DownloadCounter } from '../registry/downloads/download-counter.ts';
import { readEvent } from '../registry/events/record-event.ts';

/** The message of the log line that records a download. `lib/constructs/download-log.ts` filters for it. */
export const DOWNLOAD_MESSAGE = 'file downloaded';

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
 * The event with the downloads in a delivery, or undefined without downloads. A repeated delivery has the same event
 * id.
 */
export function downloadsEvent({ awslogs }: LogDelivery): RegistryEvent | undefined {
  const text = gunzipSync(Buffer.from(awslogs.data, 'base64'), { maxOutputLength: MAX_BYTES }).toString();
  const { messageType, logEvents } = JSON.parse(text) as LogEvents;
  if (messageType !== 'DATA_MESSAGE') return undefined;
  const versions = new Map<number, VersionDownloads>();
  for (const { message, timestamp } of logEvents) {
    const versionId = versionIn(message);
    if (versionId === undefined) continue;
    const counted = versions.get(versionId);
    const day = dayOf(timestamp);
    const days = { ...counted?.days, [day]: (counted?.days[day] ?? 0) + 1 };
    versions.set(versionId, { versionId, days, lastAt: Math.max(timestamp, counted?.lastAt ?? 0) });
  }
  if (versions.size === 0) return undefined;
  const id = `${logEvents[0]?.id}-${logEvents.at(-1)?.id}`;
  const details = { downloads: [...versions.values()] };
  return readEvent(JSON.stringify({ id, type: 'files_downloaded', at: logEvents[0]?.timestamp, details }));
}

/** The version whose download a line records. */
function versionIn(line: string): number | undefined {
  try {
    const { message, version_id: id } = JSON.parse(line) as { message?: string; version_id?: number };
    return message === DOWNLOAD_MESSAGE && Number.isSafeInteger(id) ? id : undefined;
  } catch {
    return undefined;
  }
}
