import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleServer, serverFolder } from '../../lib/bundles.ts';
import { readSettings, requireUrl } from '../../services/runtime/server/settings.ts';
import { checkHealth, layOut, readImage, startImage } from '../kit/image.ts';
import { untilReady } from '../kit/run-packhouse.ts';
import { root } from './synthesize.ts';

const image = readImage();
const token = 'root-token-0123456789';

describe('the image of the server', () => {
  let folder: string;
  beforeAll(() => {
    bundleServer();
    folder = mkdtempSync(join(tmpdir(), 'packhouse-image-'));
    layOut(image, join(folder, 'image'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const content = () => readdirSync(join(folder, 'image'), { recursive: true, encoding: 'utf8' }).sort();

  it('runs the same Node version as the tests', () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(image.from).toMatch(/^public\.ecr\.aws\/docker\/library\/node:[\d.]+-bookworm-slim$/);
    expect(image.from).toContain(`:${devDependencies.node}-`);
    expect(process.version).toBe(`v${devDependencies.node}`);
  });

  it('does not run as root, and stops on SIGTERM', () => {
    expect(image).toMatchObject({ user: '1000:1000', stopSignal: 'SIGTERM' });
  });

  it('keeps its data in a volume of the user that it runs as', () => {
    expect(image.env.PACKHOUSE_DATA_DIR).toBe('/data');
    expect(image.volumes).toEqual(['/data']);
    expect(image.copies.find(({ target }) => target === '/data/')).toMatchObject({
      owner: image.user,
      mode: 0o700,
    });
  });

  it('starts without any setting, and sends links that work on the same machine', () => {
    const settings = readSettings([], image.env);
    expect(settings.url).toBe(`http://localhost:${image.ports[0]}`);
    expect(() => requireUrl(settings)).not.toThrow();
  });

  it('listens on all addresses, on the port that it exposes', () => {
    expect(image.env.PACKHOUSE_HOST).toBe('0.0.0.0');
    expect(image.ports).toEqual([image.env.PACKHOUSE_PORT]);
  });

  it('is the same in every build, so that only changes are deployed', () => {
    const files = readdirSync(serverFolder).map((name) => join(serverFolder, name));
    const read = () => files.map((file) => readFileSync(file, 'utf8'));
    const before = read();
    bundleServer();
    expect(readdirSync(serverFolder)).toHaveLength(files.length);
    expect(read()).toEqual(before);
  });

  it('contains only the bundle and an empty data directory', () => {
    const bundle = readdirSync(serverFolder).map((name) => join('app', name));
    expect(bundle).toContain('app/packhouse.mjs');
    expect(content()).toEqual(['app', ...bundle, 'data'].sort());
  });

  it('is rejected by the tests when it has steps that they cannot reproduce', () => {
    const text = readFileSync(join(root, 'Dockerfile'), 'utf8');
    expect(() => readImage(`${text}RUN npm install\n`)).toThrow('RUN npm install');
    const wrong = readImage(text.replace('dist/server/ ', 'lib/ '));
    expect(() => layOut(wrong, join(folder, 'wrong'))).toThrow('lib/, where the build finds nothing');
  });

  it('serves a registry, and writes nothing into itself', async () => {
    const before = content();
    const server = await untilReady(
      startImage(image, join(folder, 'image'), {
        PACKHOUSE_HOST: '127.0.0.1',
        PACKHOUSE_PORT: '0',
        // The one that it listens at.
        PACKHOUSE_URL: '',
        PACKHOUSE_DATA_DIR: join(folder, 'data'),
        PACKHOUSE_ROOT_TOKEN: token,
      }),
    );
    const headers = { 'private-token': token };
    const form = new URLSearchParams({ name: 'tools' });
    const created = await fetch(`${server.url}/api/v4/projects`, { method: 'POST', headers, body: form });
    const { id } = (await created.json()) as { id: number };
    const url = `${server.url}/api/v4/projects/${id}/packages/generic/a/1.0/a.bin`;
    const body = Buffer.alloc(1_000_000, 'bytes ');
    expect((await fetch(url, { method: 'PUT', headers, body })).status).toBe(201);
    const got = Buffer.from(await (await fetch(url, { headers })).arrayBuffer());
    expect(got.equals(body)).toBe(true);
    const metrics = await fetch(`${server.url}/-/metrics`, { headers });
    expect([metrics.status, await metrics.text()]).toEqual([
      200,
      expect.stringContaining('packhouse_requests_total'),
    ]);
    const health = () =>
      checkHealth(image, join(folder, 'image'), { PACKHOUSE_PORT: new URL(server.url).port }).ended;
    expect(await health()).toBe(0);
    server.kill('SIGTERM');
    expect([await server.ended, server.progress()]).toEqual([0, '']);
    expect(await health()).toBe(1);
    expect(content()).toEqual(before);
  });
});
