import { describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { toySample } from '../kit/toy-format/sample.ts';
import { everySample, formatsWith, prefixIn } from './samples/every.ts';

const ORIGIN = 'https://portal.example.com';
const formats = formatsWith(toySample);

const start = (corsOrigins: readonly string[]) => startApp({ formats, settings: { corsOrigins } });

function preflight(app: TestApp, path: string, origin: string) {
  const headers = {
    origin,
    'access-control-request-method': 'GET',
    'access-control-request-headers': 'authorization, private-token',
  };
  return app.send('OPTIONS', path, { headers });
}

describe.for([
  { id: 'the management API', path: '/api/v4/projects' },
  ...everySample.map((sample) => ({
    id: sample.id as string,
    path: prefixIn(sample, 'project', 'acme/none') + sample.file('sample', '1.0.0'),
  })),
])('a page of another origin and $id', ({ id, path }) => {
  test('may not read anything unless the setting allows the origin', async () => {
    const app = await start([]);
    const allowed = await start(['https://else.example.com', ORIGIN]);
    for (const [tested, origin] of [
      [app, ORIGIN],
      [allowed, 'https://evil.example.com'],
    ] as const) {
      const answer = await tested.send('GET', path, { headers: { origin } });
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      const asked = await preflight(tested, path, origin);
      expect(asked.status).toBeGreaterThanOrEqual(400);
      expect(asked.headers.get('access-control-allow-origin')).toBeNull();
    }
    expect((await allowed.send('GET', path)).headers.get('vary')).toContain('Origin');
  });

  test('may read answers and errors of an origin that the setting allows', async () => {
    const app = await start([ORIGIN]);
    for (const token of [undefined, app.rootToken]) {
      const answer = await app.send('GET', path, { headers: { origin: ORIGIN }, ...(token && { token }) });
      expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
      expect(answer.headers.get('access-control-expose-headers')).toContain('x-total');
      expect(answer.headers.get('vary')).toContain('Origin');
    }
    const asked = await preflight(app, path, ORIGIN);
    expect([asked.status, asked.headers.get('access-control-allow-headers')]).toEqual([
      204,
      'authorization, private-token',
    ]);
    expect(asked.headers.get('access-control-allow-methods')).toContain('PUT');
  });

  test('may read the headers of its format, and of no other', async () => {
    const app = await start([ORIGIN]);
    const exposed = (await app.send('GET', path, { headers: { origin: ORIGIN } })).headers.get(
      'access-control-expose-headers',
    );
    const known = formats.flatMap(({ exposedHeaders = [] }) => exposedHeaders);
    expect(known).toContain('x-toy-digest');
    const own = formats.find((format) => format.id === id)?.exposedHeaders ?? [];
    expect(exposed?.split(', ').filter((name) => known.includes(name))).toEqual(own);
  });

  test('may have any origin with a setting for all', async () => {
    const app = await start(['*']);
    const answer = await app.send('GET', path, { headers: { origin: ORIGIN } });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect((await preflight(app, path, ORIGIN)).status).toBe(204);
  });
});
