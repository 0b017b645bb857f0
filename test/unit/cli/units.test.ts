import { expect, test } from 'vitest';
import { bytesText, countText, roughTimeText, timeText } from '../../../services/cli/units.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 KB'],
  [1234, '1.2 KB'],
  [99_949, '99.9 KB'],
  [99_950, '100 KB'],
  [999_499, '999 KB'],
  [999_500, '1.0 MB'],
  [3.4e9, '3.4 GB'],
  [5e18, '5000 PB'],
])('%i bytes read %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [1_234_567, '1,234,567'],
])('%i reads %s', (count, text) => expect(countText(count)).toBe(text));

test.each([
  [0, '0 s'],
  [59.4, '59 s'],
  [59.6, '1 min'],
  [200, '3 min'],
  [3_569, '59 min'],
  [3_580, '1 h'],
  [84_000, '23 h'],
  [273_600, '3 d'],
])('%i seconds are roughly %s', (seconds, text) => expect(roughTimeText(seconds)).toBe(text));

test.each([
  [0, '0 s'],
  [59.4, '59 s'],
  [60, '1 min'],
  [200, '3 min 20 s'],
  [3600, '1 h'],
  [7500, '2 h 5 min'],
  [86_400, '1 d'],
  [273_600, '3 d 4 h'],
])('%i seconds read %s', (seconds, text) => expect(timeText(seconds)).toBe(text));
