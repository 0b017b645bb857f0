import { expect, test } from 'vitest';
import { renderError } from '../../../../services/http/answer/render-error.ts';
import { ConditionFailed } from '../../../../services/ports/table.ts';
import { retryChanged } from '../../../../services/registry/records/retry-changed.ts';
import { startApp } from '../../../kit/start-app.ts';

function failing(times: number) {
  let tries = 0;
  const attempt = async () => {
    if (++tries <= times) throw new ConditionFailed(0);
    return tries;
  };
  const pauses: number[] = [];
  return { attempt, pauses, pause: async (after: number) => void pauses.push(after) };
}

test('tries again, after a pause each time, until nobody gets in between', async () => {
  const { attempt, pauses, pause } = failing(3);
  expect(await retryChanged(attempt, pause)).toBe(4);
  expect(pauses).toEqual([1, 2, 3]);
});

test('passes on what is no changed condition, at once', async () => {
  const { pauses, pause } = failing(0);
  const attempt = () => Promise.reject(new Error('broken'));
  await expect(retryChanged(attempt, pause)).rejects.toThrow('broken');
  expect(pauses).toEqual([]);
});

test('gives up in words that tell of the others, and logs no failure of the storage', async () => {
  const { attempt, pause } = failing(100);
  const error = await retryChanged(attempt, pause).catch((thrown: unknown) => thrown);
  const { registry, errors } = await startApp();
  const call = { registry, requestId: 'r' } as Parameters<typeof renderError>[0]['env'];
  const answer = renderError({ env: call }, error);
  expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toEqual([
    503,
    '5',
    { message: 'Too many others change this at the same time, try again later' },
  ]);
  expect(errors).toEqual([]);
});
