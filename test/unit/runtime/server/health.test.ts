import { describe, expect, test } from 'vitest';
import { type ServerState, withHealth } from '../../../../services/runtime/server/health.ts';

const answerOfApp = async () => new Response('the app', { status: 418 });

async function request(path: string, state: ServerState, method = 'GET') {
  const app = withHealth(answerOfApp, () => state);
  const answer = await app(new Request(`http://registry.test${path}`, { method }), {});
  return { status: answer.status, text: await answer.text(), cache: answer.headers.get('cache-control') };
}

describe('the health endpoints', () => {
  test.each<[ServerState, number]>([
    ['starting', 503],
    ['serving', 200],
    ['draining', 503],
  ])('report a server that is %s as alive, and answer readiness with %d', async (state, status) => {
    expect(await request('/-/readiness', state)).toMatchObject({ status, cache: 'no-store' });
    expect(await request('/-/liveness', state)).toMatchObject({ status: 200, cache: 'no-store' });
    expect(await request('/-/health', state)).toMatchObject({ status: 200, text: 'OK\n' });
  });

  test('report a server without room as ready, since it serves reads, and say that its storage is full', async () => {
    const room = { isShort: true, hasRoom: async () => false };
    const app = withHealth(answerOfApp, () => 'serving', room);
    const answer = await app(new Request('http://registry.test/-/readiness'), {});
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok', storage: 'full' }]);
  });

  test('are not reached by a path with dot segments', async () => {
    const app = withHealth(answerOfApp, () => 'serving');
    const answer = await app(new Request('http://registry.test/-/health'), { path: '/a/../-/health' });
    expect(answer.status).toBe(418);
  });

  test('accept a query string and HEAD requests', async () => {
    expect((await request('/-/readiness?all=1', 'draining')).status).toBe(503);
    expect((await request('/-/readiness', 'draining', 'HEAD')).status).toBe(503);
  });

  test.each([
    ['/-/readiness/more', 'GET'],
    ['/-/toString', 'GET'],
    ['/api/v4/projects/1/-/readiness', 'GET'],
    ['/-/readiness', 'POST'],
  ])('leave other requests to the app: %s with %s', async (path, method) => {
    expect((await request(path, 'serving', method)).text).toBe('the app');
  });
});
