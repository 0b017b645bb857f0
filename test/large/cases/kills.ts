import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runPackhouse, until } from '../../kit/run-packhouse.ts';
import { contentOf } from '../content.ts';
import { curlUpload, type Remote } from '../curl.ts';
import { type Host, rootToken, type Server, serveFrom, sweepLater } from '../host.ts';
import { makeProject, type Project } from '../project.ts';

const MIB = 1024 ** 2;
const HALF = 'half/1.0/half.bin';

/** Sizes of the small files in bytes, in turn: from one byte to two parts of S3. */
const SIZES = [1, 20_000, 700_000, 20, 90_000, 9_000_000];

/** A file that was sent: its digest, and whether the server has acknowledged it. */
interface Sent {
  readonly sha256: string;
  acknowledged: boolean;
}

/** Kills servers on the stores of a host during a large upload, while small uploads finish. */
export function describeKills(open: () => Promise<Host>): void {
  describe('a server that is killed during a large upload', () => {
    let host: Host;
    let server: Server;
    let project: Project;
    const sent = new Map<string, Sent>();

    beforeAll(async () => {
      host = await open();
      server = await serveFrom(host);
      project = await makeProject(server);
    });
    afterAll(async () => {
      server?.kill('SIGKILL');
      await server?.ended;
      await host?.close();
    });

    test('loses no acknowledged file, and does not serve the unfinished one', async () => {
      for (let round = 0; round < 3; round++) {
        const half = uploadWithoutEnd(project.remote(server, HALF));
        const loops = Array.from({ length: 4 }, (_, loop) => uploadUntilGone(`small-${round}-${loop}`));
        const acknowledged = () => [...sent.values()].filter((each) => each.acknowledged).length;
        const before = acknowledged();
        await until(() => (half.bytes() > 64 * MIB && acknowledged() >= before + 15 ? true : undefined));
        server.kill('SIGKILL');
        expect(await server.ended).toBe('SIGKILL');
        await Promise.all([half.ended, ...loops]);
        // Otherwise the kill came too early to test anything.
        expect(await host.unfinished()).toBeGreaterThan(0);

        server = await serveFrom(host);
        await expectServed();
        await expectNoHalf();
      }
    });

    test('loses only what is left of unfinished uploads in a later sweep', async () => {
      server.kill('SIGTERM');
      expect(await server.ended).toBe(0);
      const stored = await sweepLater(host);
      expect(await host.unfinished()).toBe(0);
      const check = await runPackhouse(['doctor', ...host.stores, '--verify']);
      expect([check.code, check.output]).toEqual([0, expect.stringContaining('No problems.')]);

      server = await serveFrom(host);
      expect(await expectServed()).toBe(stored);
      await expectNoHalf();
    });

    test('accepts the upload when it is repeated', async () => {
      const content = contentOf(100 * MIB);
      const up = await curlUpload(project.remote(server, HALF), content.pieces());
      expect([up.code, up.status, up.output]).toEqual([0, 201, '{"message":"201 Created"}']);
      const { status, sha256 } = await fetched(HALF);
      const expected = createHash('sha256');
      for (const piece of content.pieces()) expected.update(piece);
      expect([status, sha256]).toEqual([200, expected.digest('hex')]);
    });

    /** Uploads one small file after the other until the server no longer responds. */
    async function uploadUntilGone(name: string): Promise<void> {
      for (let number = 0; ; number++) {
        const content = randomBytes(SIZES[number % SIZES.length]!);
        const path = `${name}/1.0/${number}.bin`;
        const { url, token } = project.remote(server, path);
        const upload: Sent = {
          sha256: createHash('sha256').update(content).digest('hex'),
          acknowledged: false,
        };
        sent.set(path, upload);
        const init = { method: 'PUT', headers: { 'private-token': token }, body: content };
        const answer = await fetch(url, init).catch(() => undefined);
        if (!answer) return;
        expect(answer.status).toBe(201);
        upload.acknowledged = true;
        await answer.arrayBuffer().catch(() => {});
      }
    }

    async function fetched(path: string): Promise<{ status: number; sha256: string | undefined }> {
      const { url, token } = project.remote(server, path);
      const answer = await fetch(url, { headers: { 'private-token': token } });
      const hash = createHash('sha256');
      for await (const bytes of answer.body ?? []) hash.update(bytes);
      return { status: answer.status, sha256: answer.status === 200 ? hash.digest('hex') : undefined };
    }

    /**
     * Checks that all acknowledged files are served, and each of the others completely or not at all. Returns the
     * number of different files.
     */
    async function expectServed(): Promise<number> {
      const failures: unknown[] = [];
      const served = new Set<string>();
      const rest = sent[Symbol.iterator]();
      const reader = async () => {
        for (const [path, { sha256, acknowledged }] of rest) {
          const found = await fetched(path);
          if (found.sha256) served.add(found.sha256);
          const isExpected = found.sha256 === sha256 || (!acknowledged && found.status === 404);
          if (!isExpected) failures.push({ path, acknowledged, ...found });
        }
      };
      await Promise.all([reader(), reader(), reader(), reader()]);
      expect(failures).toEqual([]);
      return served.size;
    }

    async function expectNoHalf(): Promise<void> {
      expect((await fetched(HALF)).status).toBe(404);
      const list = `${server.url}/api/v4/projects/${project.id}/packages?package_name=half`;
      const answer = await fetch(list, { headers: { 'private-token': rootToken } });
      expect([answer.status, await answer.json()]).toEqual([200, []]);
    }
  });
}

/** Sends a file that is announced with 5 GiB, until the server is gone. */
function uploadWithoutEnd({ url, token }: Remote): { bytes(): number; ended: Promise<void> } {
  const content = contentOf(5 * 1024 * MIB);
  const headers = { 'private-token': token, 'content-length': content.size };
  const upload = request(url, { method: 'PUT', headers });
  let bytes = 0;
  let gone = false;
  const ended = new Promise<void>((resolve) => {
    upload.once('error', () => resolve());
    upload.once('close', () => resolve());
  }).then(() => {
    gone = true;
  });
  const write = async () => {
    for (const piece of content.pieces()) {
      if (gone) return;
      bytes += piece.byteLength;
      if (!upload.write(piece))
        await Promise.race([ended, new Promise((next) => upload.once('drain', next))]);
    }
  };
  void write();
  return { bytes: () => bytes, ended };
}
