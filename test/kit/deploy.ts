import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { DeleteBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { awsJson } from './aws-call.ts';
import { loadRouting } from './front-door.ts';
import { startMinistack } from './ministack.ts';

/** A registry deployed to the emulator by the CDK's own command. */
export interface Deployment {
  /** The address of the registry, through the emulated HTTP API. */
  readonly url: string;
  readonly rootToken: string;
  /** The address of the emulated AWS. */
  readonly endpoint: string;
  /** Outputs of the stacks: `outputs['packhouse-main-api'].Url`. */
  readonly outputs: Outputs;
  /** Environment for AWS clients of the deployment. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * From now on sends to `url` the requests that the distribution's function routes to the ingest service, with the
   * headers that CloudFront and the load balancer add for the client `viewer`. The function itself decides.
   */
  sendUploadsTo(url: string): void;
  /** Where the stacks find the stores: `stores['registry-table']` is the name of a table. */
  stores(): Promise<Readonly<Record<string, string>>>;
  /** Deploys the stacks again, with these settings beside the first ones. Throws with the end of what the CDK printed. */
  deployAgain(settings: Readonly<Record<string, string>>): Promise<void>;
  stop(): Promise<void>;
}

type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

const root = resolve(import.meta.dirname, '../..');
const cdk = join(root, 'node_modules/.bin/cdk');
const run = promisify(execFile);

/**
 * Starts MiniStack, deploys all stacks of the stage `main` to it, and resolves when the registry can be used.
 * The policies of roles are enforced: what a function may not do on AWS, it may not do here.
 */
export async function deployToMinistack(
  settings: Readonly<Record<string, string>> = {},
): Promise<Deployment> {
  const front = await startFront();
  const folder = await mkdtemp(join(tmpdir(), 'deploy-'));
  const ministack = await startMinistack({ iam: true });
  const { endpoint } = ministack;
  const stop = async () => {
    await front.stop();
    await ministack.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const environment = awsEnvironment(endpoint);
    await bootstrap(environment);
    const outputs = await deploy(folder, { url: front.url, ...settings }, environment);
    const api = outputs['packhouse-main-api'] ?? {};
    front.setApi(endpoint, new URL(api.ApiEndpoint ?? '').host);
    const rootToken = await readSecret(endpoint, api.RootTokenSecret ?? '');
    const { sendUploadsTo } = front;
    return {
      ...{ url: front.url, rootToken, endpoint, outputs, environment, sendUploadsTo, stop },
      stores: () => readStores(endpoint),
      async deployAgain(more) {
        await deploy(folder, { url: front.url, ...settings, ...more }, environment);
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes what the CDK needs in an account. */
async function bootstrap(environment: Record<string, string>): Promise<void> {
  await runCdk(
    ['bootstrap', '--no-notices', '--ci', 'aws://000000000000/us-east-1', '--app', ''],
    environment,
  );
  await allowPlainHttp(environment);
}

async function deploy(
  folder: string,
  settings: Readonly<Record<string, string>>,
  environment: Record<string, string>,
): Promise<Outputs> {
  const context = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const app = `${process.execPath} --disable-warning=ExperimentalWarning test/aws/ministack-app.ts`;
  const common = ['--no-notices', '--ci', '--app', app, '--output', join(folder, 'cdk.out')];
  const file = join(folder, 'outputs.json');
  await runCdk(
    ['deploy', '--all', ...common, '--require-approval', 'never', '--outputs-file', file, ...context],
    environment,
  );
  return JSON.parse(await readFile(file, 'utf8'));
}

/** Lets the CDK use its bucket, whose policy requires TLS, over plain HTTP. */
async function allowPlainHttp({ AWS_ENDPOINT_URL: endpoint = '' }: Record<string, string>): Promise<void> {
  const s3 = new S3Client({ ...rootClient(endpoint), forcePathStyle: true });
  await s3.send(new DeleteBucketPolicyCommand({ Bucket: 'cdk-hnb659fds-assets-000000000000-us-east-1' }));
  s3.destroy();
}

/** Settings of a client of the emulator that may do anything. */
function rootClient(endpoint: string) {
  return { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
}

async function runCdk(parameters: string[], environment: Record<string, string>): Promise<void> {
  try {
    await run(process.execPath, [cdk, ...parameters], { cwd: root, env: environment, maxBuffer: 1 << 26 });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`cdk ${parameters[0]} failed:\n${`${stdout}\n${stderr}`.slice(-6_000)}`);
  }
}

/** The environment of this process without anything that could lead to a real account. */
function awsEnvironment(endpoint: string): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => !/^(AWS|CDK)_/.test(name));
  return {
    ...(Object.fromEntries(own) as Record<string, string>),
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
  };
}

async function readSecret(endpoint: string, SecretId: string): Promise<string> {
  const secrets = new SecretsManagerClient(rootClient(endpoint));
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
  secrets.destroy();
  if (!SecretString) throw new Error('the secret of the root token is empty');
  return SecretString;
}

async function readStores(endpoint: string): Promise<Readonly<Record<string, string>>> {
  const Path = '/packhouse/main/stores/';
  const { Parameters } = await awsJson<{ Parameters: { Name: string; Value: string }[] }>(
    { endpoint, service: 'ssm', credentials: rootClient(endpoint).credentials },
    'AmazonSSM.GetParametersByPath',
    { Path },
  );
  return Object.fromEntries(Parameters.map(({ Name, Value }) => [Name.slice(Path.length), Value]));
}

/** The address of clients for the ingest service: one reserved for documentation, since all clients are on this machine. */
export const viewer = '192.0.2.1';

/**
 * A listener that passes requests on unchanged, but with the host by which the emulator knows the API: not every client
 * can send another host than that of its URL, and functions must know the URL before there is an API.
 */
async function startFront() {
  let api: Target | undefined;
  let uploads: Target | undefined;
  const route = loadRouting();
  const server = createServer((incoming, outgoing) => {
    const { method = 'GET', url = '/' } = incoming;
    const { origin } = route({ method, uri: url.replace(/\?.*$/, ''), querystring: {}, headers: {} });
    const target = origin === 'ingest' && uploads ? uploads : api;
    if (target) passOn(incoming, outgoing, target);
    else outgoing.writeHead(503).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    setApi(endpoint: string, host: string) {
      api = { port: new URL(endpoint).port, host, stage: '$default' };
    },
    sendUploadsTo(url: string) {
      const { port, host } = new URL(url);
      // What CloudFront adds, and what the load balancer adds to that.
      uploads = { port, host, forwarded: `${viewer}, 10.0.0.7` };
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Where a request is passed on to, with which host, and what is added to `X-Forwarded-For`. */
interface Target {
  readonly port: string;
  readonly host: string;
  /** The stage to name in paths below `/v2`: without it, the emulator answers them as its own container registry. */
  readonly stage?: string;
  readonly forwarded?: string;
}

function passOn(incoming: IncomingMessage, outgoing: ServerResponse, target: Target): void {
  const headers = incoming.rawHeaders.slice();
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() === 'host') headers[i + 1] = target.host;
  }
  if (target.forwarded) headers.push('x-forwarded-for', target.forwarded);
  const { method, url = '/' } = incoming;
  const path = /^\/v2(?=[/?]|$)/.test(url) && target.stage ? `/${target.stage}${url}` : url;
  const onward = request({ host: '127.0.0.1', port: target.port, method, path, headers });
  onward.on('response', (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.rawHeaders);
    response.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  incoming.pipe(onward);
}
