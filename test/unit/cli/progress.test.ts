import { describe, expect, test } from 'vitest';
import {
  barLine,
  type Progress,
  paceOf,
  plainLine,
  type Sample,
  shareOf,
  withSample,
} from '../../../services/cli/progress.ts';
import { progressPrinter } from '../../../services/cli/progress-printer.ts';

const progress: Progress = {
  title: 'Copying',
  things: 'blobs',
  done: 4210,
  total: 10_000,
  bytes: 1.2e9,
  totalBytes: 3.4e9,
};
/** Clears the current line of a terminal. */
const clear = '\r\u001b[2K';

const pace = { things: 310, bytes: 12e6, left: 183 };

describe('a progress bar', () => {
  test('shows percentage, count, size, rates and remaining time if there is room', () => {
    expect(barLine(progress, pace, 140)).toBe(
      'Copying  [==========>                   ]   35 %  4,210 of 10,000 blobs  1.2 GB of 3.4 GB  310/s  12.0 MB/s  3m 3s left',
    );
  });

  test.each([
    [94, 'Copying  [====>       ]   35 %  4,210 of 10,000 blobs  1.2 GB of 3.4 GB  12.0 MB/s  3m 3s left'],
    [75, 'Copying  [===>       ]   35 %  4,210 of 10,000 blobs  12.0 MB/s  3m 3s left'],
    [56, 'Copying  [======>           ]   35 %  12.0 MB/s  3m left'],
    [36, '[==>    ]   35 %  12.0 MB/s  3m left'],
    [22, '35 %  3m left'],
    [7, '35 %'],
    [2, '35'],
  ])('leaves out the least important parts in %i columns', (columns, line) => {
    expect(barLine(progress, pace, columns)).toBe(line);
  });

  test('is never longer than the number of columns', () => {
    for (let columns = 1; columns < 200; columns++) {
      expect(barLine(progress, pace, columns).length).toBeLessThanOrEqual(columns);
    }
  });

  test('is left out while the total is unknown', () => {
    const counting = { title: 'Counting', things: 'blobs', done: 4210, bytes: 1.2e9 };
    expect(barLine(counting, undefined, 100)).toBe('Counting  4,210 blobs  1.2 GB');
    expect(barLine(counting, undefined, 10)).toBe('Counting');
  });

  test.each([
    [0, '[>           ]'],
    [1, '[============]'],
  ])('is drawn for a share of %i', (share, bar) => {
    const at = { ...progress, done: share * 100, total: 100, bytes: 0, totalBytes: undefined };
    expect(barLine({ ...at, bytes: 0 }, undefined, 30)).toContain(bar);
  });
});

describe('a progress line in a log', () => {
  test('shows percentage, count, size, rates and remaining time', () => {
    expect(plainLine(progress, pace)).toBe(
      'Copying: 4,210 of 10,000 blobs (35 %), 1.2 GB of 3.4 GB, 310 blobs/s, 12.0 MB/s, 3m 3s left',
    );
  });

  test('leaves out unknown values', () => {
    const counting = { title: 'Counting', things: 'blobs', done: 1, bytes: 10 };
    expect(plainLine(counting, undefined)).toBe('Counting: 1 blobs, 10 B');
  });
});

describe('the completed share', () => {
  test.each([
    [
      'the smaller of the shares by count and by size',
      { done: 90, total: 100, bytes: 10, totalBytes: 100 },
      0.1,
    ],
    ['the share by count if there are no bytes', { done: 50, total: 100, bytes: 0, totalBytes: 0 }, 0.5],
    ['1 if there is nothing to do', { done: 0, total: 0, bytes: 0, totalBytes: 0 }, 1],
    ['at most 1', { done: 120, total: 100, bytes: 120, totalBytes: 100 }, 1],
  ])('is %s', (_case, at, share) => {
    expect(shareOf({ title: '', things: '', ...at })).toBe(share);
  });
});

describe('the pace', () => {
  const samples: readonly Sample[] = [
    { at: 0, done: 0, bytes: 0 },
    { at: 10_000, done: 1000, bytes: 5000 },
  ];

  test('is known after one second', () => {
    expect(paceOf(samples.slice(0, 1), progress)).toBeUndefined();
    expect(paceOf([samples[0]!, { at: 999, done: 5, bytes: 5 }], progress)).toBeUndefined();
    expect(paceOf(samples, progress)).toMatchObject({ things: 100, bytes: 500 });
  });

  test('gives the remaining time by count or by size, whichever is longer', () => {
    const at = { ...progress, done: 1000, total: 2000, bytes: 5000, totalBytes: 6000 };
    expect(paceOf(samples, at)?.left).toBe(10);
    expect(paceOf(samples, { ...at, totalBytes: 55_000 })?.left).toBe(100);
    expect(paceOf(samples, { ...at, done: 2000, bytes: 6000 })?.left).toBe(0);
  });

  test('gives no remaining time if there is no progress or the total is unknown', () => {
    const stalled = [samples[0]!, { at: 5000, done: 0, bytes: 0 }];
    expect(paceOf(stalled, progress)?.left).toBeUndefined();
    expect(paceOf(samples, { ...progress, total: undefined })?.left).toBeUndefined();
  });

  test('covers the last twenty seconds, and starts over when the count decreases', () => {
    let kept: readonly Sample[] = [];
    for (let at = 0; at <= 60_000; at += 1000) kept = withSample(kept, { at, done: at, bytes: at });
    expect([kept[0]?.at, kept.at(-1)?.at]).toEqual([40_000, 60_000]);
    expect(withSample(kept, { at: 61_000, done: 0, bytes: 0 })).toHaveLength(1);
  });
});

describe('the printer', () => {
  function printer(terminal: { isTTY: boolean; columns?: number }) {
    const written: string[] = [];
    let time = 0;
    const target = { ...terminal, write: (text: string) => written.push(text) };
    return { written, ...progressPrinter(target, () => time), wait: (by: number) => (time += by) };
  }

  test('redraws its bar on a terminal, and clears it at the end', () => {
    const { written, show, wait, note, end } = printer({ isTTY: true, columns: 41 });
    show(progress);
    show({ ...progress, done: 4211 });
    wait(150);
    show({ ...progress, done: 4212 });
    note('something happened');
    end();
    expect(written).toEqual([
      `${clear}Copying  [=======>             ]   35 %`,
      expect.stringContaining(`${clear}Copying  [`),
      clear,
      'something happened\n',
      clear,
    ]);
  });

  test('writes a line every ten seconds elsewhere, and none for short steps', () => {
    const { written, show, wait, end } = printer({ isTTY: false });
    show({ ...progress, title: 'Counting' });
    for (let second = 1; second <= 10; second++) {
      wait(1_000);
      show({ ...progress, title: 'Counting', done: 4_210 + second * 10 });
    }
    show(progress);
    wait(10_000);
    show({ ...progress, done: 5210 });
    end();
    expect(written).toEqual([
      expect.stringMatching(/^Counting: 4,310 .* 10 blobs\/s.*\n$/),
      expect.stringMatching(/^Copying: 5,210 .* 100 blobs\/s.*\n$/),
    ]);
  });
});
