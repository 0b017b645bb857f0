import { describe, expect, test } from 'vitest';
import { type ServerState, withHealth } from '../../../../services/runtime/server/health.ts';

const elsewhere = async () => new Response('the app', { status: 418 });

async function ask(path: string, state: ServerState, method = 'GET') {
  const app = withHealth(elsewhere, () => state);
  const answer = await app(new Request(`http://registry.test${path}`, { method }), {});
  return { status: answer.status, text: await answer.text(), cache: answer.headers.get('cache-control') };
}

describe('the health of a server', () => {
  test.each<[ServerState, number]>([
    ['starting', 503],
    ['serving', 200],
    ['draining', 503],
  ])('%s is answered %d by readiness, while it counts as alive', async (state, status) => {
    expect(await ask('/-/readiness', state)).toMatchObject({ status, cache: 'no-store' });
    expect(await ask('/-/liveness', state)).toMatchObject({ status: 200, cache: 'no-store' });
    expect(await ask('/-/health', state)).toMatchObject({ status: 200, text: 'OK\n' });
  });

  test('may be asked for with a query, and by HEAD', async () => {
    expect((await ask('/-/readiness?all=1', 'draining')).status).toBe(503);
    expect((await ask('/-/readiness', 'draining', 'HEAD')).status).toBe(503);
  });

  test.each([
    ['/-/readiness/more', 'GET'],
    ['/-/toString', 'GET'],
    ['/api/v4/projects/1/-/readiness', 'GET'],
    ['/-/readiness', 'POST'],
  ])('is nothing else: %s by %s goes to the app', async (path, method) => {
    expect((await ask(path, 'serving', method)).text).toBe('the app');
  });
});
