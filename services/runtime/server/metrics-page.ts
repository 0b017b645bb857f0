import { hash, timingSafeEqual } from 'node:crypto';
import type { Counter as PrometheusCounter, Registry as PrometheusRegistry } from 'prom-client';
import { RegistryError } from '../../domain/errors.ts';
import { authenticate } from '../../http/access/authenticate.ts';
import { credentialOf } from '../../http/access/credentials.ts';
import { reply } from '../../http/answer/reply.ts';
import type { Call } from '../../http/call.ts';
import { pathOf } from '../../http/format/address.ts';
import type { OtherApp } from '../../http/registry-app.ts';
import type { Room } from '../../ports/room.ts';
import { hasScope } from '../../registry/access/authorize.ts';
import type { CountingMeter } from './counting-meter.ts';
import type { QueuedJob } from './jobs.ts';

/** The path of the page. */
const PATH = '/-/metrics';

/** What the page shows, and who may read it besides administrators. */
export interface MetricsOptions {
  readonly meter: CountingMeter;
  readonly room: Room;
  /** The queues of the jobs that run in this process. */
  readonly queued: readonly QueuedJob[];
  /** A token that may only read this page. */
  readonly token?: string | undefined;
}

/** Adds the metrics of this process at `/-/metrics`, in the text format of Prometheus. */
export function withMetrics(app: OtherApp, options: MetricsOptions): OtherApp {
  let page: Promise<PrometheusRegistry> | undefined;
  return (request, call) => {
    if (pathOf(request.url) !== PATH) return app(request, call);
    call.trace.route = PATH;
    return answer(request, call);
  };

  async function answer(request: Request, call: Call): Promise<Response> {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new RegistryError('methodNotAllowed');
    await requireReader(request, call, options.token);
    page ??= createPage(options);
    const { contentType, metrics } = await page.then(async (registry) => ({
      contentType: registry.contentType,
      metrics: await registry.metrics(),
    }));
    const headers = { 'content-type': contentType, 'cache-control': 'no-store' };
    return reply({ env: call }, 200, metrics, headers);
  }
}

/** @throws RegistryError unless the request has the scrape token or the token of an administrator */
async function requireReader(request: Request, call: Call, token: string | undefined): Promise<void> {
  const secret = credentialOf(request)?.secret;
  if (token !== undefined && secret !== undefined && isSame(token, secret)) return;
  const principal = await authenticate({ req: { raw: request }, env: call });
  if (principal.kind === 'anonymous') throw new RegistryError('unauthenticated');
  if (principal.kind !== 'user' || !principal.user.admin) throw new RegistryError('forbidden');
  if (!hasScope(principal, ['api', 'read_api'])) throw new RegistryError('insufficientScope');
}

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'));
}

/** The library is loaded by the first request for the page: a server that is not watched does without it. */
async function createPage({ meter, room, queued }: MetricsOptions): Promise<PrometheusRegistry> {
  // The default export, because a bundle has no other of a CommonJS module.
  const { collectDefaultMetrics, Counter, Gauge, Registry } = (await import('prom-client')).default;
  const register = new Registry();
  const registers = [register];
  for (const { name, help, labels: labelNames } of meter.counts()) {
    new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers,
      collect() {
        this.reset();
        const current = meter.counts().find((each) => each.name === name);
        for (const { labels, value } of current?.values ?? []) this.inc(labels, value);
      },
    });
  }
  new Gauge({
    name: 'packhouse_queue_messages',
    help: 'Messages of jobs that wait or are being handled, and dead letters (at most 100 are counted)',
    labelNames: ['job', 'state'],
    registers,
    async collect() {
      for (const { job, queue } of queued) {
        const waiting = await queue.depth?.();
        if (waiting === undefined) continue;
        this.set({ job: job.name, state: 'waiting' }, waiting);
        this.set({ job: job.name, state: 'dead' }, (await queue.deadLetters()).length);
      }
    },
  });
  new Gauge({
    name: 'packhouse_storage_full',
    help: 'Whether the disk is full: 1 while only reads and removals are accepted',
    registers,
    collect() {
      this.set(room.isShort ? 1 : 0);
    },
  });
  const { user, system } = process.cpuUsage();
  collectDefaultMetrics({ register });
  // The library counts from here on; its counters are to count from the start of the process.
  for (const [name, microseconds] of [
    ['process_cpu_user_seconds_total', user],
    ['process_cpu_system_seconds_total', system],
    ['process_cpu_seconds_total', user + system],
  ] as const) {
    (register.getSingleMetric(name) as PrometheusCounter).inc(microseconds / 1e6);
  }
  return register;
}
