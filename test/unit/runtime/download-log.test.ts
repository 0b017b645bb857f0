import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Log } from '../../../services/ports/log.ts';
import { downloadsEvent, loggingCounter } from '../../../services/runtime/download-log.ts';

const file = { versionId: 7, version: '1.0', fileName: 'a.txt' };
const noon = Date.UTC(2026, 10, 30, 12);
const DAY = 24 * 3600 * 1000;

/** The line that a download writes, as the log shows it. */
function lineOf(versionId: number): string {
  let line = '';
  const log: Log = {
    debug() {},
    info: (message, fields) => {
      line = JSON.stringify({ level: 'INFO', message, ...fields });
    },
    error() {},
  };
  loggingCounter(log).count({ ...file, versionId } as never, noon);
  return line;
}

function delivery(lines: readonly string[], messageType = 'DATA_MESSAGE', step = 0) {
  const logEvents = lines.map((message, index) => ({
    id: `${index}`,
    timestamp: noon + index * step,
    message,
  }));
  const data = gzipSync(JSON.stringify({ messageType, logEvents })).toString('base64');
  return { awslogs: { data } };
}

describe('log lines of downloads', () => {
  test('become one event with the counts of each version per day', () => {
    const event = downloadsEvent(delivery([lineOf(7), lineOf(8), lineOf(7)], undefined, DAY));
    expect(event).toMatchObject({
      id: '0-2',
      type: 'files_downloaded',
      details: {
        downloads: [
          { versionId: 7, days: { '2026-11-30': 1, '2026-12-02': 1 }, lastAt: noon + 2 * DAY },
          { versionId: 8, days: { '2026-12-01': 1 }, lastAt: noon + DAY },
        ],
      },
    });
  });

  test('are picked out from other log lines', () => {
    const others = ['no JSON', 'null', '{"message":"file downloaded"}', '{"message":"x","version_id":1}'];
    const text = '{"message":"file downloaded","version_id":"1"}';
    expect(downloadsEvent(delivery([...others, text]))).toBeUndefined();
    expect(downloadsEvent(delivery([lineOf(1)], 'CONTROL_MESSAGE'))).toBeUndefined();
    expect(downloadsEvent(delivery([...others, lineOf(3)]))?.details).toMatchObject({
      downloads: [{ versionId: 3 }],
    });
  });

  test('are rejected when they unpack to too many bytes', () => {
    const data = gzipSync(Buffer.alloc(64 * 1024 * 1024)).toString('base64');
    expect(() => downloadsEvent({ awslogs: { data } })).toThrow();
  });
});
