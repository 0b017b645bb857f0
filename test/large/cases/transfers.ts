import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Content, contentOf, Digests } from '../content.ts';
import { curlDownload, curlUpload, type Remote } from '../curl.ts';
import { type Host, type Server, serveFrom } from '../host.ts';
import { MEMORY_LIMIT, mebibytes, memoryOf } from '../process-memory.ts';
import { makeProject, type Project } from '../project.ts';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** The size of the large file in bytes: PACKHOUSE_TEST_GIB, or the default of the host. */
export function largeSize(gibibytes: number): number {
  return Number(process.env.PACKHOUSE_TEST_GIB ?? gibibytes) * GIB;
}

/** A way to serve downloads: its name, and the flags of the server. */
export type Way = readonly [name: string, ...flags: string[]];

/** Uploads a file of `size` bytes and downloads it in each of these ways, and checks the memory of the servers. */
export function describeTransfers(size: number, open: () => Promise<Host>, ways: readonly Way[]): void {
  describe(`a file of ${size / GIB} GiB`, () => {
    const content = contentOf(size);
    let host: Host;
    let server: Server;
    let project: Project;
    let sha256: string | undefined;
    const file = (): Remote => project.remote(server, 'large/1.0/large.bin');
    const expectLittleMemory = async () => {
      const { now, peak } = await memoryOf(server.pid);
      expect(peak).toBeLessThan(MEMORY_LIMIT);
      return `${mebibytes(now)}, at most ${mebibytes(peak)}`;
    };

    beforeAll(async () => {
      host = await open();
      server = await serveFrom(host);
      project = await makeProject(server);
    });
    afterAll(async () => {
      server?.kill('SIGTERM');
      await server?.ended;
      await host?.close();
    });

    test('is uploaded from a pipe, with correct digests', async ({ annotate }) => {
      const digests = new Digests();
      const { url, token } = file();
      const before = await memoryOf(server.pid);
      const begun = performance.now();
      const up = await curlUpload({ url: `${url}?select=package_file`, token }, content.pieces(digests));
      const rate = size / MIB / ((performance.now() - begun) / 1000);
      expect([up.code, up.status, up.output]).toEqual([0, 200, expect.any(String)]);
      const expected = digests.end();
      expect(JSON.parse(up.output)).toMatchObject({ size, ...expected });
      sha256 = expected.file_sha256;
      expect(await host.unfinished()).toBe(0);
      const memory = await expectLittleMemory();
      await annotate(`memory before: ${mebibytes(before.now)}; after: ${memory}; ${Math.round(rate)} MiB/s`);
    });

    describe.each(ways)('%s', (_name, ...flags) => {
      beforeAll(async () => {
        server.kill('SIGTERM');
        expect(await server.ended).toBe(0);
        server = await serveFrom(host, ...flags);
      });

      test('is downloaded completely when the connection is cut and the download resumed', async ({
        annotate,
      }) => {
        const hash = createHash('sha256');
        let received = 0;
        const take = (bytes: Uint8Array) => {
          hash.update(bytes);
          received += bytes.byteLength;
        };
        const cut = await curlDownload(file(), {}, (bytes) => {
          take(bytes);
          return received < size * 0.4;
        });
        expect([cut.code, received < size]).toEqual([null, true]);
        const rest = await curlDownload(file(), { from: received }, (bytes) => {
          take(bytes);
          return true;
        });
        expect([rest.code, rest.status, received]).toEqual([0, 206, size]);
        expect(hash.digest('hex')).toBe(sha256);
        await annotate(`memory after: ${await expectLittleMemory()}`);
      });

      test('is downloaded in ranges at any position', async () => {
        for (const [range, start, length] of rangesOf(content)) {
          const parts: Uint8Array[] = [];
          const part = await curlDownload(file(), { range }, (bytes) => parts.push(bytes) > 0);
          expect([range, part.code, part.status]).toEqual([range, 0, 206]);
          expect([range, Buffer.concat(parts).equals(content.bytesAt(start, length))]).toEqual([range, true]);
        }
        await expectLittleMemory();
      });
    });
  });
}

/** Ranges at both ends, across the limits of 32-bit numbers, and in between; each with its start and length. */
function rangesOf({ size }: Content): readonly (readonly [string, number, number])[] {
  const starts = [1, 2 ** 31 - 100, 2 ** 32 - 100, Math.floor(size / 3), Math.floor(size * 0.77)];
  const inside = starts.filter((start) => start + MIB <= size);
  return [
    ['0-0', 0, 1],
    ...inside.map((start) => [`${start}-${start + MIB - 1}`, start, MIB] as const),
    [`${size - 1000}-`, size - 1000, 1000],
    ['-77', size - 77, 77],
  ];
}
