import { describe, expect, test } from 'vitest';
import { memoryTable } from '../../../../../services/adapters/memory/memory-table.ts';
import {
  checkMove,
  findHome,
  judgeHome,
  outdated,
  recordHome,
} from '../../../../../services/registry/maintenance/migrate/storage-home.ts';

const [local, one, two] = ['local', 's3://one', 's3://two'];

describe('the recorded storage location', () => {
  test.each([
    ['at the first start', undefined, { location: local }, { location: local }],
    ['with the same location', { location: local }, { location: local }, { location: local }],
    [
      'at the start of a migration',
      { location: local },
      { location: one, from: local },
      { location: one, from: local },
    ],
    [
      'with the same migration',
      { location: one, from: local },
      { location: one, from: local },
      { location: one, from: local },
    ],
    [
      'with the reverse migration',
      { location: one, from: local },
      { location: local, from: one },
      { location: local, from: one },
    ],
    [
      'with the settings of a finished migration',
      { location: one },
      { location: one, from: local },
      { location: one },
    ],
    [
      'with the same name at another address',
      { location: one },
      { location: one, from: one },
      { location: one, from: one },
    ],
  ])('is correct %s', (_case, recorded, requested, home) => {
    expect(judgeHome(recorded, requested)).toEqual({ home });
  });

  test.each([
    ['another location', { location: local }, { location: one }, '--migrate-from local'],
    [
      'a migration from another location',
      { location: local },
      { location: one, from: two },
      '--migrate-from local',
    ],
    [
      'only the new location of a migration',
      { location: one, from: local },
      { location: one },
      '--migrate-from local',
    ],
    [
      'only the old location of a migration',
      { location: one, from: local },
      { location: local },
      's3://one as the store',
    ],
    [
      'another migration in the meantime',
      { location: one, from: local },
      { location: two, from: one },
      'in both',
    ],
  ])('rules out %s, with instructions', (_case, recorded, requested, text) => {
    expect(judgeHome(recorded, requested)).toEqual({ refusal: expect.stringContaining(text) });
  });

  test('is the same for servers that start concurrently', async () => {
    const table = memoryTable();
    await Promise.all([1, 2, 3].map(() => recordHome(table, { location: one, from: local })));
    expect(await findHome(table)).toEqual({ location: one, from: local });
    await expect(recordHome(table, { location: one })).rejects.toMatchObject({ code: 'conflict' });
  });

  test('rules out a migration that would miss blobs', () => {
    const move = { from: local, to: one };
    for (const home of [undefined, { location: local }, { location: one }, { location: one, from: local }]) {
      expect(() => checkMove(home, move)).not.toThrow();
    }
    for (const home of [{ location: two }, { location: one, from: two }]) {
      expect(() => checkMove(home, move)).toThrow('s3://two');
    }
  });

  test('rules out a migration in the opposite direction to that of the servers', () => {
    const move = { from: local, to: one };
    expect(() => checkMove({ location: local, from: one }, move)).toThrow('the other way round');
  });

  test.each([
    ['is missing', undefined, { location: local }],
    ['has the same location', { location: one }, { location: one }],
    ['has the same migration', { location: one, from: local }, { location: one, from: local }],
    ['has the new location of a finished migration', { location: one }, { location: one, from: local }],
  ])('lets a server keep running if it %s', (_case, recorded, own) => {
    expect(outdated(recorded, own)).toBeUndefined();
  });

  test.each([
    [
      'a migration has started',
      { location: one, from: local },
      { location: local },
      'moved from local to s3://one',
    ],
    [
      'a migration to the location of the server has started',
      { location: one, from: local },
      { location: one },
      'moved from',
    ],
    [
      'the migration was reversed',
      { location: local, from: one },
      { location: one, from: local },
      'moved from s3://one',
    ],
    ['a migration has finished', { location: one }, { location: local }, 'are in s3://one'],
  ])('makes a server shut down when %s', (_case, recorded, own, text) => {
    expect(outdated(recorded, own)).toContain(text);
  });
});
