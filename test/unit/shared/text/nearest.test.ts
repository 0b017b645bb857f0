import { describe, expect, test } from 'vitest';
import { nearest } from '../../../../services/shared/text/nearest.ts';

describe('the nearest word', () => {
  test.each([
    ['prot', 'port'],
    ['por', 'port'],
    ['data-dri', 'data-dir'],
    ['hots', 'host'],
    ['bucket-name', undefined],
    ['x', undefined],
    ['', undefined],
  ])('to %s is %s', (text, word) => {
    expect(nearest(text, ['port', 'host', 'url', 'data-dir', 'bucket'])).toBe(word);
  });
});
