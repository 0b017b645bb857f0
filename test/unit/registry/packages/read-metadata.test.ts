import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { metadataType } from '../../../../services/domain/metadata.ts';
import type { Version } from '../../../../services/domain/packages.ts';
import type { Log, LogFields } from '../../../../services/ports/log.ts';
import { readableVersions, readMetadata } from '../../../../services/registry/packages/read-metadata.ts';
import { named } from '../../../kit/names.ts';

/** Layout 1 had one author, layout 2 a list. */
const type = metadataType(z.object({ authors: z.array(z.string()) }), {
  layout: 2,
  upgrade(stored) {
    const { author } = z.object({ author: z.string() }).parse(stored);
    return { authors: [author] };
  },
});

function versionOf(id: number, metadata: unknown, layout?: number): Version {
  return {
    ...{
      id,
      projectId: 7,
      format: 'toy2',
      name: named.package('tool'),
      version: named.version(`${id}.0`),
      status: 'default',
      metadata,
    },
    ...(layout !== undefined && { layout }),
    ...{ creatorId: 1, createdAt: 1, updatedAt: 1, lastDownloadedAt: null },
  };
}

function recordingLog() {
  const lines: [string, LogFields | undefined][] = [];
  const log: Log = { debug() {}, info() {}, error: (message, fields) => void lines.push([message, fields]) };
  return { log, lines };
}

describe('the metadata of a stored version', () => {
  test('is returned unchanged in the current layout', () => {
    const version = versionOf(1, { authors: ['Jo'], added: 'later' }, 2);
    expect(readMetadata(recordingLog(), version, type)).toBe(version);
  });

  test('is upgraded from an older layout, and has the number of the new one', () => {
    const old = versionOf(1, { author: 'Jo' });
    expect(readMetadata(recordingLog(), old, type)).toEqual({
      ...old,
      metadata: { authors: ['Jo'] },
      layout: 2,
    });
    expect(readMetadata(recordingLog(), { ...old, layout: 1 }, type)?.metadata).toEqual({ authors: ['Jo'] });
  });

  test.each([
    ['invalid', versionOf(1, 'secret text', 2)],
    ['invalid in an old layout', versionOf(1, { secret: 'text' })],
    ['in a layout of a later release', versionOf(1, { authors: ['secret text'] }, 3)],
  ])('is left out if it is %s, and logged once without its contents', (_case, damaged) => {
    const { log, lines } = recordingLog();
    const good = versionOf(2, { authors: [] }, 2);
    for (const _again of [1, 2]) expect(readableVersions({ log }, [damaged, good], type)).toEqual([good]);
    const fields = { project: 7, format: 'toy2', package: 'tool', version: '1.0' };
    expect(lines).toEqual([
      ['metadata of a version not readable', { ...fields, layout: damaged.layout ?? 1 }],
    ]);
    expect(JSON.stringify(lines)).not.toContain('secret');
  });
});
