import { beforeEach, describe, expect, test } from 'vitest';
import { memoryQueue } from '../../../../services/adapters/memory/memory-queue.ts';
import { memoryTable } from '../../../../services/adapters/memory/memory-table.ts';
import { managementApi } from '../../../../services/api/app.ts';
import { createApp } from '../../../../services/runtime/compose.ts';
import { allFormats } from '../../../../services/runtime/families/all.ts';
import { type CountingMeter, countingMeter } from '../../../../services/runtime/server/counting-meter.ts';
import { openJobQueues, type QueuedJob } from '../../../../services/runtime/server/jobs.ts';
import { meteredTable } from '../../../../services/runtime/server/metered-table.ts';
import { withMetrics } from '../../../../services/runtime/server/metrics-page.ts';
import { everySample, prefixIn } from '../../../fleet/samples/every.ts';
import { personalToken, startApp, type TestApp, URL_BASE } from '../../../kit/start-app.ts';

const SCRAPE_TOKEN = 'scrape-token-of-the-tests';

let app: TestApp;
let meter: CountingMeter;
let queued: readonly QueuedJob[];
beforeEach(async () => {
  meter = countingMeter();
  queued = openJobQueues((_, options) => memoryQueue(options), ['search']);
  app = await startApp({ stores: { meter } });
});

function send(method: string, path: string, token = '', init: object = {}): Promise<Response> {
  const { room } = app.registry;
  const api = withMetrics(managementApi, { meter, room, queued, token: SCRAPE_TOKEN });
  const call = createApp(app.registry, { formats: allFormats, api });
  const headers = { ...(token && { authorization: `Bearer ${token}` }), ...init };
  return call(new Request(URL_BASE + path, { method, headers }), {});
}

describe('the page of metrics', () => {
  test('is for administrators and the scrape token only', async () => {
    const { token: user } = await app.user('ann');
    const narrow = await personalToken(app.registry, app.root, ['read_registry']);
    const status = async (token: string) => (await send('GET', '/-/metrics', token)).status;
    expect(await status('')).toBe(401);
    expect(await status('scrape-token-of-others')).toBe(401);
    expect([await status(user), await status(narrow)]).toEqual([403, 403]);
    expect([await status(app.rootToken), await status(SCRAPE_TOKEN)]).toEqual([200, 200]);
    expect((await send('GET', '/api/v4/user', SCRAPE_TOKEN)).status).toBe(401);
    expect((await send('POST', '/-/metrics', SCRAPE_TOKEN)).status).toBe(405);
  });

  test('counts the processor time since the start of the process, also when it is first asked for later', async () => {
    const { user, system } = process.cpuUsage();
    const text = await (await send('GET', '/-/metrics', SCRAPE_TOKEN)).text();
    const seconds = (name: string) => Number(new RegExp(`^process_cpu_${name} (\\S+)$`, 'm').exec(text)?.[1]);
    expect(seconds('user_seconds_total')).toBeGreaterThanOrEqual(user / 1e6);
    expect(seconds('system_seconds_total')).toBeGreaterThanOrEqual(system / 1e6);
    expect(seconds('seconds_total')).toBeGreaterThanOrEqual((user + system) / 1e6);
  });

  test('has the text format, and counts requests by route, format and status class', async () => {
    await app.project('tools', 'public');
    const path = '/api/v4/projects/acme%2Ftools/packages/generic/a/1/f.txt';
    await app.send('PUT', path, { token: app.rootToken, body: 'hello' });
    await app.send('GET', path);
    await app.send('GET', `${path}x`);
    await app.send('PROPFIND', '/a/client/may/choose');
    const answer = await send('GET', '/-/metrics', SCRAPE_TOKEN);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    const route = '/api/v4/projects/:id/packages/generic/:name/:version/:file';
    const labels = (method: string, status: string) =>
      `{method="${method}",route="${route}",format="generic",status="${status}"}`;
    expect(text).toContain(`packhouse_requests_total${labels('PUT', '2xx')} 1`);
    expect(text).toContain(`packhouse_requests_total${labels('GET', '4xx')} 1`);
    expect(text).toContain(`packhouse_received_bytes_total${labels('PUT', '2xx')} 5`);
    expect(text).toContain(`packhouse_sent_bytes_total${labels('GET', '2xx')} 5`);
    expect(text).toContain('packhouse_requests_total{method="other",route="/*",format="",status="4xx"} 1');
    expect(text).toMatch(/^nodejs_eventloop_lag_seconds /m);
    expect(text).toMatch(/^process_resident_memory_bytes /m);
    expect(text).not.toContain('may/choose');
  });

  test('shows the queues, the jobs and failures of the table', async () => {
    await queued[0]?.queue.send(['one', 'two']);
    meter.job('search', 'failed', 1500);
    const failing = meteredTable(
      { ...memoryTable(), get: async () => Promise.reject(new Error('gone')) },
      meter,
    );
    await expect(failing.get({ pk: 'a', sk: 'b' })).rejects.toThrow('gone');
    const refused = failing.write([{ check: { pk: 'a', sk: 'b' }, when: { exists: true } }]);
    await expect(refused).rejects.toThrow();
    const text = await (await send('GET', '/-/metrics', SCRAPE_TOKEN)).text();
    expect(text).toContain('packhouse_queue_messages{job="search",state="waiting"} 2');
    expect(text).toContain('packhouse_queue_messages{job="search",state="dead"} 0');
    expect(text).toContain('packhouse_job_runs_total{job="search",outcome="failed"} 1');
    expect(text).toContain('packhouse_job_seconds_total{job="search",outcome="failed"} 1.5');
    expect(text).toContain('packhouse_table_errors_total{method="get"} 1');
    expect(text).not.toContain('method="write"');
  });

  test('shows whether the disk is full', async () => {
    const room = { isShort: false, hasRoom: async () => true };
    app = await startApp({ stores: { room } });
    const text = async () => (await send('GET', '/-/metrics', SCRAPE_TOKEN)).text();
    expect(await text()).toContain('packhouse_storage_full 0');
    room.isShort = true;
    expect(await text()).toContain('packhouse_storage_full 1');
  });

  test('does not exist on a host with metrics of its own', async () => {
    expect((await app.send('GET', '/-/metrics', { token: app.rootToken })).status).toBe(404);
  });

  const own = everySample.filter(({ format }) => format === undefined);
  test.each(own)('counts publishes and downloads of $id', async (sample) => {
    const project = await app.project('tools', 'public');
    const prefix = prefixIn(sample, 'project', project.id);
    const { method, path, headers, body } = await sample.publish('sample', '1.0.0');
    await app.send(method, prefix + path, { token: app.rootToken, headers, body });
    await app.send('GET', prefix + sample.file('sample', '1.0.0'));
    await app.send('HEAD', prefix + sample.file('sample', '1.0.0'));
    await app.send('GET', prefix + sample.file('sample', '1.0.1'));
    const values = new Map(meter.counts().map(({ name, values }) => [name, values]));
    expect(values.get('packhouse_publishes_total')).toEqual([{ labels: { format: sample.id }, value: 1 }]);
    expect(values.get('packhouse_downloads_total')).toEqual([{ labels: { format: sample.id }, value: 1 }]);
  });
});
