import { expect, test } from 'vitest';
import { newTrace } from '../../../../services/domain/request-trace.ts';
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
  return { attempt, tries: () => tries };
}

const withoutPauses = { attempts: 20, firstPause: 0, longestPause: 0 };

test('an attempt is repeated while concurrent changes make its condition fail', async () => {
  const { attempt } = failing(3);
  expect(await retryChanged(attempt)).toBe(4);
});

test('any other error is thrown without a retry', async () => {
  let tries = 0;
  const attempt = () => {
    tries++;
    return Promise.reject(new Error('broken'));
  };
  await expect(retryChanged(attempt)).rejects.toThrow('broken');
  expect(tries).toBe(1);
});

test('too many attempts end in an error about concurrent changes, and no failure of the storage is logged', async () => {
  const { attempt, tries } = failing(100);
  const error = await retryChanged(attempt, withoutPauses).catch((thrown: unknown) => thrown);
  expect(tries()).toBe(20);
  const { registry, errors } = await startApp();
  const call = { registry, requestId: 'r', trace: newTrace() } as Parameters<typeof renderError>[0]['env'];
  const answer = renderError({ env: call }, error);
  expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toEqual([
    503,
    '5',
    { message: 'Too many concurrent changes, try again later' },
  ]);
  expect(errors).toEqual([]);
});
