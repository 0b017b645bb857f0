import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { checkStorage } from '../../services/registry/maintenance/check/check-storage.ts';
import { type Listening, listen } from '../../services/runtime/server/node-server.ts';
import { npmPackage } from '../kit/npm-package.ts';
import { type RawClient, rawClient } from '../kit/raw-client.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import type { OpenedStores } from './publish-cases.ts';

/** Stores whose unfinished uploads can be counted. */
export interface WatchedStores extends OpenedStores {
  /** How many uploads have been begun and neither finished nor removed. */
  uploads(): Promise<number>;
}

/** An upload request, written by hand. */
interface Upload {
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** More than one part in S3. */
const SIZE = 15_000_000;

const noise = randomBytes(SIZE);
const boundary = 'the-boundary';
const formHead = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n`;

function withLength(path: string, body: Buffer, ...headers: string[]): Upload {
  return { path, headers: [`content-length: ${body.byteLength}`, ...headers], body };
}

const uploads: Readonly<Record<string, () => Promise<Upload>>> = {
  'a generic file': async () => withLength('/generic/tool/1.0/tool.bin', noise),
  'a generic file without a length': async () => ({
    path: '/generic/tool/1.0/tool.bin',
    headers: ['transfer-encoding: chunked'],
    body: Buffer.concat([Buffer.from(`${SIZE.toString(16)}\r\n`), noise, Buffer.from('\r\n0\r\n\r\n')]),
  }),
  'a generic file in a form': async () => {
    const body = Buffer.concat([Buffer.from(formHead), noise, Buffer.from(`\r\n--${boundary}--\r\n`)]);
    return withLength(
      '/generic/tool/1.0/tool.bin',
      body,
      `content-type: multipart/form-data; boundary=${boundary}`,
    );
  },
  'an npm package': async () => {
    const { document } = await npmPackage({ name: 'tool', files: { 'noise.bin': noise } });
    return withLength('/npm/tool', Buffer.from(JSON.stringify(document)), 'content-type: application/json');
  },
};

/** Clients that disconnect or stall during an upload, on the stores that `open` returns. */
export function describeVanishing(name: string, open: () => Promise<WatchedStores>): void {
  describe(`disconnecting clients on ${name}`, () => {
    let stores: WatchedStores;
    let app: TestApp;
    let listening: Listening;
    let base: string;
    beforeAll(async () => {
      stores = await open();
      app = await startApp({ ...stores, settings: { bodyIdleTimeout: 2_000 } });
      listening = await listen(app.app, { host: '127.0.0.1', port: 0 });
      const project = await app.project('tools');
      base = `/api/v4/projects/${project.id}/packages`;
    });
    afterAll(async () => {
      await listening?.stop();
      await stores?.close();
    });

    async function begin({ path, headers }: Upload, ...more: string[]): Promise<RawClient> {
      const client = await rawClient(`http://127.0.0.1:${listening.port}`);
      const token = `private-token: ${app.rootToken}`;
      client.head(`PUT ${base}${path} HTTP/1.1`, 'host: h', token, ...headers, ...more);
      return client;
    }

    async function expectNothingLeft(): Promise<void> {
      await vi.waitFor(async () => expect(await stores.uploads()).toBe(0), { timeout: 30_000 });
      const { files, records, stored, recent, problems } = await checkStorage(app.registry, {
        verify: false,
        concurrency: 1,
      });
      const none = { blobs: 0, bytes: 0 };
      expect({ files, records, stored, recent, problems }).toEqual({
        files: 0,
        records: none,
        stored: none,
        recent: none,
        problems: [],
      });
      expect(app.errors).toEqual([]);
    }

    describe.each(Object.entries(uploads))('an upload of %s', (_kind, make) => {
      let upload: Upload;
      beforeAll(async () => {
        upload = await make();
      });

      /** A client that has sent most of an upload, of which something is stored. */
      async function halfWay(): Promise<RawClient> {
        const client = await begin(upload);
        await client.send(upload.body.subarray(0, upload.body.byteLength * 0.8));
        await vi.waitFor(async () => expect(await stores.uploads()).toBe(1), { timeout: 30_000 });
        return client;
      }

      test('leaves nothing behind when the connection is reset', async () => {
        (await halfWay()).socket.resetAndDestroy();
        await expectNothingLeft();
      });

      test('leaves nothing behind when the connection is closed', async () => {
        (await halfWay()).socket.destroy();
        await expectNothingLeft();
      });

      test('leaves nothing behind when the client ends the body too early', async () => {
        const client = await halfWay();
        client.socket.end();
        await client.answer();
        await expectNothingLeft();
      });

      test('fails with 408 when the client stalls, and leaves nothing behind', async () => {
        const client = await halfWay();
        const answer = await client.answer();
        expect(answer).toMatch(/^HTTP\/1\.1 408 /);
        expect(answer).toContain('The upload stalled');
        await expectNothingLeft();
        client.socket.destroy();
      });

      test('leaves nothing behind when the client disconnects after 100 Continue', async () => {
        const client = await begin(upload, 'expect: 100-continue');
        await client.until(/100 Continue/);
        client.socket.resetAndDestroy();
        await expectNothingLeft();
      });
    });

    test('an upload that is rejected halfway leaves nothing behind, and a client that stays gets the error', async () => {
      const { tarball, document } = await npmPackage({ name: 'tool', files: { 'noise.bin': noise } });
      // Long enough to damage the start of a block; there is one every 64 KB of noise.
      tarball.fill(0, 3_000_000, 3_200_000);
      const [attachment] = Object.values(document._attachments) as { data: string }[];
      Object.assign(attachment as object, { data: tarball.toString('base64') });
      const upload = withLength('/npm/tool', Buffer.from(JSON.stringify(document)));
      const gone = await begin(upload);
      await gone.send(upload.body.subarray(0, -1_000));
      await gone.until(/HTTP\/1\.1 400 /);
      gone.socket.resetAndDestroy();
      await expectNothingLeft();
      const staying = await begin(upload);
      expect(await staying.send(upload.body)).toBe(true);
      expect(await staying.answer()).toContain("The tarball can't be read");
      await expectNothingLeft();
      staying.socket.destroy();
    });

    test('every kind of upload succeeds afterwards', async () => {
      for (const make of Object.values(uploads)) {
        const upload = await make();
        const client = await begin(upload, 'connection: close');
        await client.send(upload.body);
        expect(await client.answer()).toMatch(/^HTTP\/1\.1 20[01] /);
        client.socket.destroy();
      }
      expect(await stores.uploads()).toBe(0);
    });
  });
}
