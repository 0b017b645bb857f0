import { beforeEach, describe, expect, test } from 'vitest';
import { recordCalls, sequentialTrips } from '../../bench/measure/record-calls.ts';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import { levels } from '../../services/domain/access.ts';
import type { Project } from '../../services/domain/accounts.ts';
import type { LogFields } from '../../services/ports/log.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import { everySample, formatsWith, prefixIn } from './samples/every.ts';

describe.each(everySample)('a token that another one made, in $id', (sample) => {
  const recorder = recordCalls();
  let app: TestApp;
  let project: Project;
  let maker: string;
  let reasons: unknown[];
  beforeEach(async () => {
    reasons = [];
    const info = (_message: string, fields: LogFields = {}) => void reasons.push(fields.reason);
    app = await startApp({
      formats: formatsWith(sample),
      stores: { log: { debug() {}, info, error() {} }, table: recorder.table('table', memoryTable()) },
    });
    project = await app.project('tools');
    maker = (await app.user('mia', { level: levels.maintainer, of: project })).token;
    const { method, path, headers, body } = await sample.publish('sample', '1.0.0');
    const url = prefixIn(sample, 'project', project.id) + path;
    await app.send(method, url, { token: maker, headers, body });
  });

  async function make(kind: 'deploy_tokens' | 'access_tokens', scopes: string[]): Promise<string> {
    const answer = await app.send('POST', `/api/v4/projects/${project.id}/${kind}`, {
      token: maker,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'ci', scopes }),
    });
    return ((await answer.json()) as { token: string }).token;
  }

  test('reads at every level and publishes in no more round trips, until the other one is revoked', async () => {
    const tokens = [
      await make('deploy_tokens', ['read_package_registry', 'write_package_registry']),
      await make('access_tokens', ['api']),
    ];
    const places = [
      prefixIn(sample, 'project', project.id),
      prefixIn(sample, 'group', 'acme'),
      prefixIn(sample, 'instance'),
    ];
    async function read(token: string, place: string) {
      recorder.take();
      const answer = await app.send('GET', place + sample.file('sample', '1.0.0'), { token });
      await answer.arrayBuffer();
      const trips = sequentialTrips(recorder.take().filter(({ store }) => store === 'table'));
      return { status: answer.status, trips };
    }
    for (const token of tokens) {
      for (const place of places) {
        await read(token, place);
        const usual = await read(maker, place);
        const { status, trips } = await read(token, place);
        expect([place, status]).toEqual([place, 200]);
        expect(trips).toBeLessThanOrEqual(usual.trips);
      }
    }
    await app.send('DELETE', '/api/v4/personal_access_tokens/self', { token: maker });
    const { method, path, headers, body } = await sample.publish('sample', '2.0.0');
    for (const token of tokens) {
      for (const place of places) expect((await read(token, place)).status).toBe(401);
      expect((await app.send(method, places[0] + path, { token, headers, body })).status).toBe(401);
      expect(reasons.at(-1)).toBe('the token it was made with was revoked');
    }
  });
});
