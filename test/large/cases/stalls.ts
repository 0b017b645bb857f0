import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { npmPackage, npmPrefix } from '../../kit/npm-package.ts';
import { until } from '../../kit/run-packhouse.ts';
import { contentOf } from '../content.ts';
import { curlDownload, curlUpload, type Remote } from '../curl.ts';
import { type Host, rootToken, type Server, serveFrom } from '../host.ts';
import { mebibytes, memoryOf, openFilesOf } from '../process-memory.ts';
import { makeProject, type Project } from '../project.ts';

const MIB = 1024 ** 2;

/** The stalled readers, and the size of their file: more than the buffers of two connections hold, so the server has the rest. */
export interface Stalls {
  readonly readers: number;
  readonly bytes: number;
  /** The most that they may add to the server's memory, in bytes. */
  readonly memory: number;
  readonly flags: readonly string[];
}

/** Readers and senders that stall on servers on the stores of a host. */
export function describeStalls(open: () => Promise<Host>, { readers, bytes, memory, flags }: Stalls): void {
  describe('stalled clients', () => {
    let host: Host;
    let server: Server;
    let project: Project;
    beforeAll(async () => {
      host = await open();
      server = await serveFrom(host, ...flags);
      project = await makeProject(server);
      const up = await curlUpload(project.remote(server, 'slow/1.0/file'), contentOf(bytes).pieces());
      expect([up.code, up.status]).toEqual([0, 201]);
    });
    const stalled = new Set<Socket>();
    afterEach(() => {
      for (const socket of stalled) socket.destroy();
      stalled.clear();
    });
    afterAll(async () => {
      server?.kill('SIGTERM');
      await server?.ended;
      await host?.close();
    });

    /** Connects, and sends the head of a request and the start of its body. */
    async function stall(
      head: string,
      { url, token }: Remote,
      body: Uint8Array | string = '',
    ): Promise<Socket> {
      const { hostname, port, pathname, host: name } = new URL(url);
      const socket = connect(Number(port), hostname);
      stalled.add(socket);
      socket.on('error', () => {});
      await once(socket, 'connect');
      const [method, ...headers] = head.split('\n');
      const lines = [
        `${method} ${pathname} HTTP/1.1`,
        `Host: ${name}`,
        `PRIVATE-TOKEN: ${token}`,
        ...headers,
      ];
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      socket.write(body);
      return socket;
    }

    /** Readers that take the first bytes of a file and no more. */
    async function stallReaders(count: number): Promise<Socket[]> {
      const file = project.remote(server, 'slow/1.0/file');
      const sockets: Socket[] = [];
      for (let begun = 0; begun < count; begun += 50) {
        const some = Array.from({ length: Math.min(50, count - begun) }, async () => {
          const socket = await stall('GET', file);
          const [first] = await once(socket, 'data');
          socket.pause();
          expect(String(first)).toMatch(/^HTTP\/1\.1 200 /);
          return socket;
        });
        sockets.push(...(await Promise.all(some)));
      }
      return sockets;
    }

    test(`${readers} readers do not delay others, and take little memory and few open files`, async ({
      annotate,
    }) => {
      const before = { ...(await memoryOf(server.pid)), files: await openFilesOf(server.pid) };
      const sockets = await stallReaders(readers);

      await expectFiles(project.remote(server, 'beside/1.0/file'));
      await expectIndexes(server, project);

      const after = { ...(await memoryOf(server.pid)), files: await openFilesOf(server.pid) };
      await annotate(
        `memory ${mebibytes(before.now)}, then ${mebibytes(after.now)}, at most ${mebibytes(after.peak)}; ` +
          `files ${before.files}, then ${after.files}`,
      );
      expect(sockets.filter((socket) => socket.destroyed)).toEqual([]);
      expect(after.peak - before.now).toBeLessThan(memory);
      // Each has its connection, and one to the store or an open file; there are more to the store, but not for each.
      expect(after.files - before.files).toBeLessThan(2.5 * readers);
      for (const socket of sockets) socket.destroy();
      const fewer = before.files + readers / 2;
      await until(async () => ((await openFilesOf(server.pid)) < fewer ? true : undefined));
    });

    test('are disconnected after the idle timeout, and leave nothing behind', async () => {
      server.kill('SIGTERM');
      expect(await server.ended).toBe(0);
      server = await serveFrom(host, ...flags, '--idle-seconds', '3');
      const before = await openFilesOf(server.pid);
      const half = project.remote(server, 'half/1.0/file');
      // More than a part of S3, and less than is announced.
      const sent = contentOf(10 * MIB).bytesAt(0, 10 * MIB);
      await Promise.all([1, 2, 3].map(() => stall(`PUT\nContent-Length: ${50 * MIB}`, half, sent)));
      await stallReaders(100);
      const refusals = () => [
        ...server.output().matchAll(/"route":"[^"]*\/:name\/:version\/:file","status":408/g),
      ];
      await until(async () => (refusals().length === 3 ? true : undefined));
      await until(async () => ((await openFilesOf(server.pid)) < before + 100 ? true : undefined));
      expect(await host.unfinished()).toBe(0);
      const answer = await fetch(half.url, { headers: { 'private-token': half.token } });
      expect(answer.status).toBe(404);
    });
  });
}

/** Uploads and downloads a file. */
async function expectFiles(remote: Remote): Promise<void> {
  const content = contentOf(20 * MIB);
  const [expected, found] = [createHash('sha256'), createHash('sha256')];
  for (const piece of content.pieces()) expected.update(piece);
  const up = await curlUpload(remote, content.pieces());
  expect([up.code, up.status]).toEqual([0, 201]);
  const down = await curlDownload(remote, {}, (piece) => found.update(piece) !== undefined);
  expect([down.code, down.status, found.digest('hex')]).toEqual([0, 200, expected.digest('hex')]);
}

/** Publishes a package, and reads its index at every level. */
async function expectIndexes({ url }: Server, { id, group }: Project): Promise<void> {
  const { path, name, document } = await npmPackage({ name: `@${group.fullPath}/tool` });
  const headers = { authorization: `Bearer ${rootToken}`, 'content-type': 'application/json' };
  const init = { method: 'PUT', headers, body: JSON.stringify(document) };
  expect((await fetch(url + npmPrefix.project(id) + path, init)).status).toBe(200);
  for (const prefix of [npmPrefix.project(id), npmPrefix.group(group.id), npmPrefix.instance]) {
    const answer = await fetch(url + prefix + path, { headers });
    expect([answer.status, await answer.json()]).toEqual([200, expect.objectContaining({ name })]);
  }
}
