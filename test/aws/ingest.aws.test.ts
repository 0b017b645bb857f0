import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleServer } from '../../lib/bundles.ts';
import { curlUser, sha256 } from '../clients/generic/curl.ts';
import { noise } from '../clients/noise.ts';
import { installSet, publishSet, runNpmSmoke } from '../clients/npm/smoke.ts';
import { npm11 } from '../clients/npm/tools/npm.ts';
import { levelsOf, openPlayground, type Playground } from '../clients/playground.ts';
import { type Deployment, deployToMinistack, viewer } from '../kit/deploy.ts';
import { type CredentialsEndpoint, deployedContainer, offerCredentials } from '../kit/deployed-service.ts';
import { layOut, readImage, startImage } from '../kit/image.ts';
import { freePort, ministackMissing } from '../kit/ministack.ts';
import { type RunningCommand, until, untilReady } from '../kit/run-packhouse.ts';

/**
 * The deployed service without Fargate: the files of its image, started with the image's command, with the environment
 * and the role that ECS has for it. A listener replaces CloudFront, and uses the distribution's own function to choose
 * where a request goes. Everything else is what `cdk deploy` has made from the stacks.
 */
describe.skipIf(ministackMissing)('a deployment with the ingest service', () => {
  let deployment: Deployment;
  let credentials: CredentialsEndpoint;
  let folder: string;
  let server: RunningCommand & { readonly url: string };
  let ground: Playground;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'packhouse-ingest-'));
    deployment = await deployToMinistack({ ingest: 'true' });
    const { environment, taskRoleArn } = await deployedContainer(deployment);
    credentials = await offerCredentials(deployment, taskRoleArn);
    bundleServer();
    const image = readImage();
    layOut(image, folder);
    const port = await freePort();
    const started = startImage(image, folder, {
      ...environment,
      ...credentials.environment,
      // Replaces the addresses of AWS, and those of a network that this machine does not have.
      PACKHOUSE_AWS_ENDPOINT: deployment.endpoint,
      PACKHOUSE_S3_PATH_STYLE: 'true',
      PACKHOUSE_HOST: '127.0.0.1',
      PACKHOUSE_PORT: String(port),
    });
    await untilReady(started);
    server = { ...started, url: `http://127.0.0.1:${port}` };
    deployment.sendUploadsTo(server.url);
    ground = await openPlayground(deployment);
  });

  afterAll(async () => {
    server?.kill('SIGKILL');
    await credentials?.stop();
    await deployment?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const fileUrl = (name: string, at = deployment.url) =>
    `${at}/api/v4/projects/${encodeURIComponent(ground.project.fullPath)}/packages/generic/large/1.0/${name}`;
  const headers = () => ({ 'private-token': deployment.rootToken });
  const isReady = async () => (await fetch(`${server.url}/-/readiness`)).ok;

  /** What the server has logged so far. */
  const requests = () =>
    server
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as { level: string; method?: string; client?: string });

  test('reports the address that clients use, and makes no token for root', () => {
    expect(server.output()).toContain(`"message":"server started","url":"${deployment.url}"`);
    expect(server.output()).not.toContain('phat-');
  });

  test('stores an upload by curl that is too large for functions, which then serve it', async () => {
    const { curl, read, space } = await curlUser();
    const bytes = noise(30_000_000);
    await space.write('large.bin', bytes);
    const token = ['--header', `PRIVATE-TOKEN: ${deployment.rootToken}`];
    const put = await curl([...token, '--upload-file', 'large.bin', fileUrl('large.bin')]);
    expect([put.status, put.stdout]).toEqual([201, '{"message":"201 Created"}']);
    const got = await curl([...token, '--location', '--output', 'got.bin', fileUrl('large.bin')]);
    expect([got.status, sha256(await read('got.bin'))]).toEqual([200, sha256(bytes)]);
    await space.remove();
  });

  test('stores an npm package that is too large for functions, which is then installed from every level', async () => {
    const set = await publishSet(npm11, ground, { suffix: 'large', size: 8_000_000 });
    for (const [, owner] of levelsOf(ground)) {
      const setup = { registry: ground.endpoint('npm', owner), token: ground.tokens.personal };
      await installSet(npm11, setup, set);
    }
  });

  test('serves npm at every level', () => runNpmSmoke(deployment));

  test('refuses an upload without credentials with a challenge', async () => {
    const answer = await fetch(fileUrl('secret.bin'), { method: 'PUT', body: 'x' });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic /);
  });

  test('gets only uploads, logs the addresses of clients, and has all permissions it needs', async () => {
    const packages = `${deployment.url}/api/v4/projects/${ground.project.id}/packages`;
    const list = await fetch(`${packages}?package_type=generic`, { headers: headers() });
    const [{ id }] = (await list.json()) as [{ id: number }];
    const gone = await fetch(`${packages}/${id}`, { method: 'DELETE', headers: headers() });
    expect(gone.status).toBe(204);
    const lines = requests();
    const methods = new Set(lines.flatMap(({ method }) => method ?? []));
    expect([...methods].sort()).toEqual(['POST', 'PUT']);
    expect(new Set(lines.flatMap(({ client }) => client ?? []))).toEqual(new Set([viewer]));
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
    expect(server.progress()).toBe('');
  });

  test('on SIGTERM becomes unready, still accepts requests for a while, and finishes the upload in progress', async () => {
    const bytes = noise(12_000_000);
    const upload = request(fileUrl('last.bin', server.url), {
      method: 'PUT',
      headers: { ...headers(), expect: '100-continue', 'content-length': bytes.byteLength },
    });
    const responded = new Promise<number | undefined>((resolve, reject) => {
      upload.once('response', (response) => {
        response.resume().once('end', () => resolve(response.statusCode));
      });
      upload.once('error', reject);
    });
    upload.flushHeaders();
    // The server sends 100 Continue when it begins to store the body.
    await once(upload, 'continue');
    upload.write(bytes.subarray(0, 10_000_000));
    expect(await isReady()).toBe(true);

    server.kill('SIGTERM');
    await until(async () => ((await isReady()) ? undefined : true));
    const small = await fetch(fileUrl('late.bin'), { method: 'PUT', headers: headers(), body: 'late' });
    expect([small.status, small.headers.get('connection')]).toEqual([201, 'close']);
    await until(() =>
      isReady().then(
        () => undefined,
        () => true,
      ),
    );
    upload.end(bytes.subarray(10_000_000));
    expect(await responded).toBe(201);
    expect(await server.ended).toBe(0);
    const got = await fetch(fileUrl('last.bin'), { headers: headers() });
    expect(sha256(Buffer.from(await got.arrayBuffer()))).toBe(sha256(bytes));
  });
});
