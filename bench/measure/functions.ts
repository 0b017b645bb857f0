import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { bundleFolder, bundleFunctions, functionEntries } from '../../lib/bundles.ts';
import { budgets } from '../budgets.ts';
import { serveTable } from '../functions/table-endpoint.ts';
import type { Row } from '../report.ts';
import type { Workbench } from '../workbench.ts';
import { appWithPackage } from './app-with-package.ts';
import { median } from './median.ts';

const KB = 1024;

/** Runs of each function for every round of the other measurements: a start is short and its noise large. */
const STARTS = 3;

/** Sizes of the bundles, and the time to the first handled event. */
export async function functions(bench: Workbench): Promise<Row[]> {
  bundleFunctions();
  return [...sizes(), ...(await firstEvents(bench))];
}

function sizes(): Row[] {
  return functionEntries().map((entry) => {
    const folder = join(bundleFolder, entry);
    const bytes = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    const unpacked = bytes.reduce((sum, each) => sum + each.byteLength, 0) / KB;
    const packed = bytes.reduce((sum, each) => sum + gzipSync(each).byteLength, 0) / KB;
    return { work: `bundle of ${entry} (gzip ${packed.toFixed(0)})`, unit: 'KB', packhouse: unpacked };
  });
}

interface Start {
  readonly statusCode: number;
  readonly load: number;
  readonly total: number;
}

/**
 * The time from before loading to the response to a first read, for the function of a family and for one without code
 * of its own. Both use a table on this machine, over HTTP without TLS; the start of Node itself is not counted.
 */
async function firstEvents(bench: Workbench): Promise<Row[]> {
  const { app, url, token, table } = await appWithPackage(10);
  const answer = await app(new Request(`http://bench.test${url}`, { headers: headersOf(token) }), {});
  await answer.arrayBuffer();
  const endpoint = await serveTable(table);
  try {
    const bare = await bundleBare(bench.directory);
    const packhouse = join(bundleFolder, 'js', 'index.mjs');
    const starts: Record<'packhouse' | 'bare', Start[]> = { packhouse: [], bare: [] };
    const event = JSON.stringify(eventOf(url, headersOf(token)));
    for (let round = 0; round < bench.options.rounds * STARTS; round++) {
      starts.packhouse.push(await start(packhouse, event, endpoint.url));
      starts.bare.push(await start(bare, event, endpoint.url));
    }
    const row = (work: string, figure: 'load' | 'total'): Row => {
      const [packhouse, other] = [starts.packhouse, starts.bare].map((all) =>
        median(all.map((each) => each[figure])),
      );
      const toBare = (packhouse ?? Number.NaN) / (other ?? Number.NaN);
      return { work, unit: 'ms', packhouse: packhouse ?? Number.NaN, bare: other, toBare };
    };
    return [
      { ...row('function js: first event', 'total'), budget: budgets.firstEvent },
      row('function js: of that, loading', 'load'),
    ];
  } finally {
    endpoint.stop();
  }
}

async function start(bundle: string, event: string, endpoint: string): Promise<Start> {
  const child = fork(join(import.meta.dirname, '..', 'functions', 'first-event-child.ts'), [bundle, event], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: {
      PATH: process.env.PATH,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      POWERTOOLS_DEV: 'false',
      POWERTOOLS_SERVICE_NAME: 'bench',
      POWERTOOLS_METRICS_NAMESPACE: 'Bench',
      POWERTOOLS_METRICS_DISABLED: 'true',
      PACKHOUSE_URL: 'http://bench.test',
      PACKHOUSE_TABLE: 'bench',
      PACKHOUSE_AUDIT_TABLE: 'bench-audit',
      PACKHOUSE_BUCKET: 'bench-bucket',
      PACKHOUSE_LINK_LIFETIME: '600',
      PACKHOUSE_PROXY_DOWNLOAD: 'false',
      PACKHOUSE_PROXY_BELOW: '0',
      PACKHOUSE_RETENTION_DAYS: '7',
      PACKHOUSE_PATH_RESERVATION_DAYS: '90',
      PACKHOUSE_BLOB_GRACE_HOURS: '24',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let printed = '';
  child.stdout?.on('data', (text) => {
    printed += text;
  });
  child.stderr?.on('data', (text) => {
    printed += text;
  });
  const ended = once(child, 'exit');
  const [started] = (await Promise.race([once(child, 'message'), ended.then(() => [])])) as [Start?];
  await ended;
  if (started?.statusCode !== 200) throw new Error(`${bundle} did not handle its first event:\n${printed}`);
  return started;
}

async function bundleBare(directory: string): Promise<string> {
  const outfile = join(directory, 'bare-function', 'index.mjs');
  await build({
    // The options of `lib/bundles.ts` for functions.
    entryPoints: [join(import.meta.dirname, '..', 'functions', 'bare-handler.ts')],
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    external: ['ini', 'login', 'process', 'sso', 'web-identity'].map(
      (kind) => `@aws-sdk/credential-provider-${kind}`,
    ),
    legalComments: 'none',
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
    logLevel: 'error',
  });
  return outfile;
}

function headersOf(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}`, accept: 'application/json' };
}

/** The event that an HTTP API makes from a GET. */
function eventOf(path: string, headers: Readonly<Record<string, string>>): object {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { ...headers, host: 'bench.test' },
    requestContext: {
      http: { method: 'GET', path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'bench' },
      requestId: 'bench',
      stage: '$default',
    },
    isBase64Encoded: false,
  };
}
