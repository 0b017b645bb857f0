import { expect, test, vi } from 'vitest';
import { remember } from '../../../services/shared/remember.ts';

test('a remembered value is read once, even for concurrent callers', async () => {
  const read = vi.fn(async () => ({}));
  const value = remember(read);
  const [first, second] = await Promise.all([value(), value()]);
  expect(second).toBe(first);
  expect(await value()).toBe(first);
  expect(read).toHaveBeenCalledOnce();
});

test('a failure is not remembered', async () => {
  const read = vi.fn(async () => 'key').mockRejectedValueOnce(new Error('unreachable'));
  const value = remember(read);
  await expect(value()).rejects.toThrow('unreachable');
  expect(await value()).toBe('key');
  expect(read).toHaveBeenCalledTimes(2);
});
