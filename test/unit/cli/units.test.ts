import { expect, test } from 'vitest';
import { bytesText, countText, roughTimeText, timeText } from '../../../services/cli/units.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [1234, '1.2 kB'],
  [99_949, '99.9 kB'],
  [1e6, '1.0 MB'],
  [123.4e6, '123.4 MB'],
  [3.4e9, '3.4 GB'],
  [5e18, '5.0 EB'],
])('%i bytes are printed as %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

test.each([
  [0, '0'],
  [999, '999'],
  [999.6, '1,000'],
  [1_234_567, '1,234,567'],
])('the count %i is printed as %s', (count, text) => expect(countText(count)).toBe(text));

test.each([
  [-1, '0s'],
  [0.4, '0s'],
  [59.4, '59s'],
  [59.6, '1m'],
  [200, '3m'],
  [3_569, '59m'],
  [7_500, '2h'],
  [273_600, '3d'],
])('%i seconds are printed roughly as %s', (seconds, text) => expect(roughTimeText(seconds)).toBe(text));

test.each([
  [0, '0s'],
  [59.4, '59s'],
  [60, '1m'],
  [200, '3m 20s'],
  [3600, '1h'],
  [7500, '2h 5m'],
  [86_400, '1d'],
  [273_600, '3d 4h'],
])('%i seconds are printed as %s', (seconds, text) => expect(timeText(seconds)).toBe(text));
