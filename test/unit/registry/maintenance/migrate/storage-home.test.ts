import { describe, expect, test } from 'vitest';
import { memoryTable } from '../../../../../services/adapters/memory/memory-table.ts';
import {
  checkMove,
  claimHome,
  findHome,
  judgeHome,
  outdated,
} from '../../../../../services/registry/maintenance/migrate/storage-home.ts';

const [local, one, two] = ['local', 's3://one', 's3://two'];

describe('the recorded storage location', () => {
  test.each([
    ['at the first start', undefined, { place: local }, { place: local }],
    ['with the same location', { place: local }, { place: local }, { place: local }],
    [
      'at the start of a migration',
      { place: local },
      { place: one, from: local },
      { place: one, from: local },
    ],
    [
      'with the same migration',
      { place: one, from: local },
      { place: one, from: local },
      { place: one, from: local },
    ],
    [
      'with the reverse migration',
      { place: one, from: local },
      { place: local, from: one },
      { place: local, from: one },
    ],
    [
      'with the settings of a finished migration',
      { place: one },
      { place: one, from: local },
      { place: one },
    ],
    [
      'with the same name at another address',
      { place: one },
      { place: one, from: one },
      { place: one, from: one },
    ],
  ])('is correct %s', (_case, recorded, requested, home) => {
    expect(judgeHome(recorded, requested)).toEqual({ home });
  });

  test.each([
    ['another location', { place: local }, { place: one }, '--migrate-from local'],
    [
      'a migration from another location',
      { place: local },
      { place: one, from: two },
      '--migrate-from local',
    ],
    [
      'only the new location of a migration',
      { place: one, from: local },
      { place: one },
      '--migrate-from local',
    ],
    [
      'only the old location of a migration',
      { place: one, from: local },
      { place: local },
      's3://one as the store',
    ],
    ['another migration in the meantime', { place: one, from: local }, { place: two, from: one }, 'in both'],
  ])('rules out %s, with instructions', (_case, recorded, requested, text) => {
    expect(judgeHome(recorded, requested)).toEqual({ refusal: expect.stringContaining(text) });
  });

  test('is the same for servers that start concurrently', async () => {
    const table = memoryTable();
    await Promise.all([1, 2, 3].map(() => claimHome(table, { place: one, from: local })));
    expect(await findHome(table)).toEqual({ place: one, from: local });
    await expect(claimHome(table, { place: one })).rejects.toMatchObject({ code: 'conflict' });
  });

  test('rules out a migration that would miss blobs', () => {
    const move = { from: local, to: one };
    for (const home of [undefined, { place: local }, { place: one }, { place: one, from: local }]) {
      expect(() => checkMove(home, move)).not.toThrow();
    }
    for (const home of [{ place: two }, { place: one, from: two }]) {
      expect(() => checkMove(home, move)).toThrow('s3://two');
    }
  });

  test('rules out a migration in the opposite direction to that of the servers', () => {
    const move = { from: local, to: one };
    expect(() => checkMove({ place: local, from: one }, move)).toThrow('the other way round');
  });

  test.each([
    ['is missing', undefined, { place: local }],
    ['has the same location', { place: one }, { place: one }],
    ['has the same migration', { place: one, from: local }, { place: one, from: local }],
    ['has the new location of a finished migration', { place: one }, { place: one, from: local }],
  ])('lets a server keep running if it %s', (_case, recorded, own) => {
    expect(outdated(recorded, own)).toBeUndefined();
  });

  test.each([
    [
      'a migration has started',
      { place: one, from: local },
      { place: local },
      'moved from local to s3://one',
    ],
    [
      'a migration to the location of the server has started',
      { place: one, from: local },
      { place: one },
      'moved from',
    ],
    [
      'the migration was reversed',
      { place: local, from: one },
      { place: one, from: local },
      'moved from s3://one',
    ],
    ['a migration has finished', { place: one }, { place: local }, 'are in s3://one'],
  ])('makes a server shut down when %s', (_case, recorded, own, text) => {
    expect(outdated(recorded, own)).toContain(text);
  });
});
