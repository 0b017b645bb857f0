import type { Meter, RequestFacts } from '../../ports/meter.ts';

/** A counter: the labels of each of its values, and the value. */
export interface Counted {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with its values. */
export interface CountedMetric {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly values: readonly Counted[];
}

/** A meter that counts in memory, and what it has counted since the process started. */
export interface CountingMeter extends Meter {
  counts(): readonly CountedMetric[];
}

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS']);

const ofRequest = ['method', 'route', 'format', 'status'];
const ofJob = ['job', 'outcome'];

interface RequestCounts {
  readonly labels: Readonly<Record<string, string>>;
  requests: number;
  milliseconds: number;
  received: number;
  sent: number;
}

interface JobCounts {
  readonly labels: Readonly<Record<string, string>>;
  runs: number;
  milliseconds: number;
}

/** Counts in memory: a request costs one look-up in a map. Labels are bounded by the routes. */
export function countingMeter(): CountingMeter {
  const requests = new Map<string, RequestCounts>();
  const jobs = new Map<string, JobCounts>();
  const published = new Map<string, number>();
  const downloaded = new Map<string, number>();
  const tableErrors = new Map<string, number>();

  function requestCounts({ method, route, format, status }: RequestFacts): RequestCounts {
    // Clients choose the method, which must not make a label of its own each time.
    const known = methods.has(method) ? method : 'other';
    const statusClass = `${Math.floor(status / 100)}xx`;
    const key = `${known} ${statusClass} ${route}`;
    const found = requests.get(key);
    if (found) return found;
    const labels = { method: known, route, format, status: statusClass };
    const counts = { labels, requests: 0, milliseconds: 0, received: 0, sent: 0 };
    requests.set(key, counts);
    return counts;
  }

  return {
    request(facts) {
      const counts = requestCounts(facts);
      counts.requests++;
      counts.milliseconds += facts.milliseconds;
      counts.received += facts.received;
      counts.sent += facts.sent;
    },
    published: (format) => countUp(published, format),
    downloaded: (format) => countUp(downloaded, format),
    tableFailed: (method) => countUp(tableErrors, method),
    job(name, outcome, milliseconds) {
      const key = `${name} ${outcome}`;
      const counts = jobs.get(key) ?? { labels: { job: name, outcome }, runs: 0, milliseconds: 0 };
      counts.runs++;
      counts.milliseconds += milliseconds;
      jobs.set(key, counts);
    },
    counts() {
      const ofRequests = (value: (counts: RequestCounts) => number) =>
        [...requests.values()].map((counts) => ({ labels: counts.labels, value: value(counts) }));
      const ofJobs = (value: (counts: JobCounts) => number) =>
        [...jobs.values()].map((counts) => ({ labels: counts.labels, value: value(counts) }));
      const metric = (name: string, help: string, labels: readonly string[], values: readonly Counted[]) => ({
        name: `packhouse_${name}_total`,
        help,
        labels,
        values,
      });
      return [
        metric(
          'requests',
          'Answered requests',
          ofRequest,
          ofRequests((each) => each.requests),
        ),
        metric(
          'request_seconds',
          'Time to respond',
          ofRequest,
          ofRequests((each) => each.milliseconds / 1000),
        ),
        metric(
          'received_bytes',
          'Bytes of request bodies',
          ofRequest,
          ofRequests((each) => each.received),
        ),
        metric(
          'sent_bytes',
          'Bytes of response bodies',
          ofRequest,
          ofRequests((each) => each.sent),
        ),
        metric('publishes', 'Published versions and added files', ['format'], labelled('format', published)),
        metric('downloads', 'Downloads that began', ['format'], labelled('format', downloaded)),
        metric(
          'job_runs',
          'Runs of background jobs',
          ofJob,
          ofJobs((each) => each.runs),
        ),
        metric(
          'job_seconds',
          'Time spent in jobs',
          ofJob,
          ofJobs((each) => each.milliseconds / 1000),
        ),
        metric('table_errors', 'Failed calls of the table', ['method'], labelled('method', tableErrors)),
      ];
    },
  };
}

function countUp(counts: Map<string, number>, label: string): void {
  counts.set(label, (counts.get(label) ?? 0) + 1);
}

function labelled(name: string, counts: ReadonlyMap<string, number>): Counted[] {
  return [...counts].map(([label, value]) => ({ labels: { [name]: label }, value }));
}
