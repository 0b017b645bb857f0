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

describe('where the blobs are', () => {
  test.each([
    ['the first start', undefined, { place: local }, { place: local }],
    ['the same place', { place: local }, { place: local }, { place: local }],
    ['the beginning of a move', { place: local }, { place: one, from: local }, { place: one, from: local }],
    ['the same move', { place: one, from: local }, { place: one, from: local }, { place: one, from: local }],
    ['the way back', { place: one, from: local }, { place: local, from: one }, { place: local, from: one }],
    ['a move that is over, still set', { place: one }, { place: one, from: local }, { place: one }],
    [
      'the same name at another address',
      { place: one },
      { place: one, from: one },
      { place: one, from: one },
    ],
  ])('%s is put on record', (_what, recorded, wanted, home) => {
    expect(judgeHome(recorded, wanted)).toEqual({ home });
  });

  test.each([
    ['another place', { place: local }, { place: one }, '--migrate-from local'],
    ['a move from elsewhere', { place: local }, { place: one, from: two }, '--migrate-from local'],
    ['only the new place of a move', { place: one, from: local }, { place: one }, '--migrate-from local'],
    ['only the old place of a move', { place: one, from: local }, { place: local }, 's3://one as the store'],
    ['another move meanwhile', { place: one, from: local }, { place: two, from: one }, 'in both'],
  ])('%s is refused, with what to do', (_what, recorded, wanted, said) => {
    expect(judgeHome(recorded, wanted)).toEqual({ refusal: expect.stringContaining(said) });
  });

  test('servers that start at once agree', async () => {
    const table = memoryTable();
    await Promise.all([1, 2, 3].map(() => claimHome(table, { place: one, from: local })));
    expect(await findHome(table)).toEqual({ place: one, from: local });
    await expect(claimHome(table, { place: one })).rejects.toMatchObject({ code: 'conflict' });
  });

  test('a move must be about all blobs', () => {
    const move = { from: local, to: one };
    for (const home of [undefined, { place: local }, { place: one }, { place: one, from: local }]) {
      expect(() => checkMove(home, move)).not.toThrow();
    }
    for (const home of [{ place: two }, { place: one, from: two }]) {
      expect(() => checkMove(home, move)).toThrow('s3://two');
    }
  });

  test('a move must not go against the one that servers are at', () => {
    const move = { from: local, to: one };
    expect(() => checkMove({ place: local, from: one }, move)).toThrow('the other way round');
  });

  test.each([
    ['before any', undefined, { place: local }],
    ['of the same place', { place: one }, { place: one }],
    ['of the same move', { place: one, from: local }, { place: one, from: local }],
    ['of a move that is over', { place: one }, { place: one, from: local }],
  ])('a record %s lets a server go on', (_what, recorded, own) => {
    expect(outdated(recorded, own)).toBeUndefined();
  });

  test.each([
    ['a move began', { place: one, from: local }, { place: local }, 'moved from local to s3://one'],
    ['a move began of which it knows the end', { place: one, from: local }, { place: one }, 'moved from'],
    [
      'the move turned round',
      { place: local, from: one },
      { place: one, from: local },
      'moved from s3://one',
    ],
    ['a move ended', { place: one }, { place: local }, 'are in s3://one'],
  ])('a server must end when %s', (_what, recorded, own, said) => {
    expect(outdated(recorded, own)).toContain(said);
  });
});
