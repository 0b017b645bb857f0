import { createHash } from 'node:crypto';
import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RegistryAddress } from '../../kit/accounts.ts';
import { describeTool, systemTool } from '../client.ts';
import { noise } from '../noise.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { type CurlUser, curlTool, curlUser } from './curl.ts';

const wgetTool = systemTool('wget', /^GNU Wget (\S+)/);
const pythonTool = systemTool('python3', /^Python (\S+)/);

/** In bytes; large enough to be served by a link, if the registry uses links. */
const SIZE = 400_000;

/**
 * Downloads of a file by curl, wget and Python's urllib: in parts, with conditions, and resumed. `links` says whether
 * the registry redirects to a store that refuses a second `Authorization`; the received bytes are the same.
 */
export function describeDownloads(registry: () => RegistryAddress, links: boolean): void {
  let ground: Playground;
  let user: CurlUser;
  let url: string;
  let token: string;
  const content = noise(SIZE);
  const etag = `"${createHash('sha256').update(content).digest('hex')}"`;

  beforeAll(async () => {
    ground = await openPlayground(registry());
    user = await curlUser();
    token = ground.tokens.personal.secret;
    url = `${ground.endpoint('generic', ground.project)}/tool/1.0/file.bin`;
    await user.space.write('sent.bin', content);
    const up = await user.curl(['-H', `PRIVATE-TOKEN: ${token}`, '-T', 'sent.bin', url]);
    expect([up.code, up.status]).toEqual([0, 201]);
  });
  afterAll(async () => {
    await user?.space.remove();
    await ground?.remove();
  });

  /** Writes the first `size` bytes of the file, for a download to resume. */
  async function begin(size: number): Promise<void> {
    await user.space.write('part.bin', content);
    await truncate(join(user.space.project, 'part.bin'), size);
  }
  const received = async () => content.equals(await user.read('part.bin'));

  describeTool(curlTool, () => {
    const curl = (...args: string[]) => user.curl(['-L', '-H', `Authorization: Bearer ${token}`, ...args]);

    test(links ? 'is redirected to the store' : 'gets the file from the registry', async () => {
      const down = await curl('-o', 'part.bin', url);
      expect([down.code, down.status, down.hops]).toEqual([0, 200, links ? 1 : 0]);
      expect(await received()).toBe(true);
    });

    test('gets the file from the registry itself with download_mode=proxy', async () => {
      const down = await curl('-o', 'part.bin', `${url}?download_mode=proxy`);
      expect([down.code, down.status, down.hops]).toEqual([0, 200, 0]);
      expect(await received()).toBe(true);
    });

    test('resumes with -C -, also with the ETag of the file', async () => {
      for (const more of [[], ['-H', `If-Range: ${etag}`]]) {
        await begin(150_000);
        const rest = await curl('-C', '-', ...more, '-o', 'part.bin', url);
        expect([rest.code, rest.status, await received()]).toEqual([0, 206, true]);
      }
    });

    test('gets 416 with -C - when the file is already complete', async () => {
      await begin(SIZE);
      const again = await curl('-C', '-', '-o', 'part.bin', url);
      expect([again.status, await received()]).toEqual([416, true]);
    });

    test('gets the complete file when If-Range names another file', async () => {
      await begin(150_000);
      const rest = await curl('-r', '150000-', '-H', 'If-Range: "of another file"', '-o', 'part.bin', url);
      expect([rest.code, rest.status, await received()]).toEqual([0, 200, true]);
    });

    test.for([
      ['0-9', 0, 10],
      ['200000-200009', 200_000, 200_010],
      ['399990-', 399_990, SIZE],
      ['-10', 399_990, SIZE],
    ] as const)('gets the part %s', async ([range, start, end]) => {
      const part = await curl('-r', range, '-o', 'part.bin', url);
      expect([part.code, part.status]).toEqual([0, 206]);
      expect(content.subarray(start, end).equals(await user.read('part.bin'))).toBe(true);
    });

    test('gets the complete file when it requests several parts', async () => {
      const parts = await curl('-r', '0-9,20-29', '-o', 'part.bin', url);
      expect([parts.code, parts.status, await received()]).toEqual([0, 200, true]);
    });

    test('gets 304 for a file that has not changed since a date', async () => {
      const head = await curl('--head', url);
      const date = /^last-modified: (.*?)\r?$/im.exec(head.stdout)?.[1] ?? '';
      await user.space.write('part.bin', 'untouched');
      const same = await curl('-z', date, '-o', 'part.bin', url);
      expect([same.code, same.status, String(await user.read('part.bin'))]).toEqual([0, 304, 'untouched']);
      const older = await curl('-z', 'Thu, 01 Jan 2015 00:00:00 GMT', '-o', 'part.bin', url);
      expect([older.code, older.status, await received()]).toEqual([0, 200, true]);
    });
  });

  describeTool(wgetTool, () => {
    const wget = (...args: string[]) =>
      user.space.run(['wget', '-q', '--tries=1', '--header', `Authorization: Bearer ${token}`, ...args]);

    test('gets the file', async () => {
      await user.space.run(['rm', '-f', 'part.bin']);
      expect([(await wget('-O', 'part.bin', url)).code, await received()]).toEqual([0, true]);
    });

    test('resumes with -c', async () => {
      await user.space.run(['rm', '-f', 'file.bin']);
      await user.space.write('file.bin', content.subarray(0, 123_456));
      const { code } = await wget('-c', url);
      expect([code, content.equals(await user.read('file.bin'))]).toEqual([0, true]);
    });
  });

  describeTool(pythonTool, () => {
    test('urllib gets the file with a token in a header', async () => {
      const program = [
        'import sys, urllib.request as request',
        'asked = request.Request(sys.argv[1], headers={"Authorization": "Bearer " + sys.argv[2]})',
        'open("part.bin", "wb").write(request.urlopen(asked).read())',
      ].join('\n');
      const { code, stderr } = await user.space.run(['python3', '-c', program, url, token]);
      expect([code, stderr, await received()]).toEqual([0, '', true]);
    });
  });
}
