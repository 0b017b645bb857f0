import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { describeTool } from '../client.ts';
import { noise } from '../noise.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { type CurlUser, carriers, curlTool, curlUser, sha256 } from './curl.ts';

const MIB = 1024 * 1024;

/** The error for an upload that is too large: from the registry, or from an API gateway in front of it. */
const tooLarge = /larger than the limit of \d+ bytes|Request Entity Too Large/;

let ground: Playground;
let user: CurlUser;
let base: string;
let credential: readonly string[];
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  user = await curlUser();
  base = `${ground.endpoint('generic', ground.project)}/tool/1.0`;
  credential = carriers['PRIVATE-TOKEN'](ground.tokens.personal);
});
afterAll(async () => {
  await user?.space.remove();
  await ground?.remove();
});

const curl = (...args: string[]) => user.curl([...credential, '--fail-with-body', ...args]);

/** Uploads bytes to a path below the version; returns the address. */
async function upload(path: string, content: Buffer): Promise<string> {
  await user.space.write('sent.bin', content);
  const up = await curl('-T', 'sent.bin', `${base}/${path}`);
  expect([up.code, up.status, up.stdout]).toEqual([0, 201, '{"message":"201 Created"}']);
  return `${base}/${path}`;
}

async function downloadedDigest(url: string): Promise<string> {
  const down = await curl('-L', '-o', 'received.bin', url);
  expect([down.code, down.status]).toEqual([0, 200]);
  return sha256(await user.read('received.bin'));
}

describeTool(curlTool, () => {
  test('resumes an interrupted download with -C -', async () => {
    const content = noise(400_000);
    const url = await upload('resumed.bin', content);
    await user.space.write('part.bin', content);
    await truncate(join(user.space.project, 'part.bin'), 150_000);
    const rest = await curl('-L', '-C', '-', '-o', 'part.bin', url);
    expect([rest.code, rest.status]).toEqual([0, 206]);
    expect(content.equals(await user.read('part.bin'))).toBe(true);
    const again = await curl('-L', '-C', '-', '-o', 'part.bin', url);
    expect(again.status).toBe(416);
    expect(content.equals(await user.read('part.bin'))).toBe(true);
  });

  test('shows size, name and checksum with --head', async () => {
    const content = noise(300_000);
    const url = await upload('dir/described.bin', content);
    const { code, status, stdout } = await curl('--head', url);
    expect([code, status]).toEqual([0, 200]);
    const headers = stdout.toLowerCase();
    expect(headers).toContain('content-length: 300000');
    expect(headers).toContain('accept-ranges: bytes');
    expect(headers).toContain('content-disposition: attachment; filename="described.bin"');
    expect(headers).toContain(`x-checksum-sha256: ${sha256(content)}`);
  });

  test.for([
    ['100-199', 100, 200],
    ['399900-', 399_900, 400_000],
    ['-50', 399_950, 400_000],
    ['0-0', 0, 1],
  ] as const)('gets exactly the bytes of the range %s', async ([range, start, end]) => {
    const content = noise(400_000);
    const url = await upload('ranged.bin', content);
    const part = await curl('-L', '--range', range, '-o', 'part.bin', url);
    expect([part.code, part.status]).toEqual([0, 206]);
    expect(content.subarray(start, end).equals(await user.read('part.bin'))).toBe(true);
  });

  test('gets 416 for a range past the end', async () => {
    const url = await upload('short.bin', noise(1_000));
    const beyond = await curl('-L', '--range', '5000-6000', '-o', 'part.bin', url);
    expect([beyond.code, beyond.status]).toEqual([22, 416]);
  });

  test('gets 304 for a file that has not changed', async () => {
    const url = await upload('cached.bin', noise(100_000));
    const first = await curl('-L', '--etag-save', 'etag', '-o', 'received.bin', url);
    expect([first.code, first.status]).toEqual([0, 200]);
    const second = await curl('-L', '--etag-compare', 'etag', '-o', 'again.bin', url);
    expect([second.code, second.status]).toEqual([0, 304]);
  });

  test('gets 100 Continue before an upload of more than 1 MiB', async () => {
    const content = noise(2 * MIB);
    await user.space.write('sent.bin', content);
    const up = await curl('-v', '-H', 'Expect: 100-continue', '-T', 'sent.bin', `${base}/expected.bin`);
    expect([up.code, up.status]).toEqual([0, 201]);
    expect(up.stderr).toMatch(/^> Expect: 100-continue/m);
    expect(await downloadedDigest(`${base}/expected.bin`)).toBe(sha256(content));
  });

  test('uploads a file of unknown size from a pipe', async () => {
    const content = noise(3 * MIB);
    const url = `${base}/piped.bin`;
    const up = await user.curl([...credential, '--fail-with-body', '-v', '-T', '-', url], { input: content });
    expect([up.code, up.status]).toEqual([0, 201]);
    expect(up.stderr).toMatch(/^> Transfer-Encoding: chunked/m);
    expect(await downloadedDigest(url)).toBe(sha256(content));
  });

  test('uploads and downloads an empty file', async () => {
    const url = await upload('empty.bin', Buffer.alloc(0));
    expect(await downloadedDigest(url)).toBe(sha256(Buffer.alloc(0)));
  });

  test('uploads the file in a form', async () => {
    const content = noise(200_000);
    await user.space.write('sent.bin', content);
    const up = await curl('-X', 'PUT', '-F', 'file=@sent.bin', `${base}/form.bin`);
    expect([up.code, up.status]).toEqual([0, 201]);
    expect(await downloadedDigest(`${base}/form.bin`)).toBe(sha256(content));
  });

  test('uploads and downloads 30 MB, or shows the limit', async () => {
    const content = noise(30_000_000);
    await user.space.write('sent.bin', content);
    const up = await curl('-T', 'sent.bin', `${base}/large.bin`);
    if (up.status === 413) return expect(up.stdout).toMatch(tooLarge);
    expect([up.code, up.status]).toEqual([0, 201]);
    expect(await downloadedDigest(`${base}/large.bin`)).toBe(sha256(content));
  });

  test('shows 401 and not a broken connection for 30 MB with a wrong token', async () => {
    await user.space.write('sent.bin', noise(30_000_000));
    for (const expect100 of ['Expect: 100-continue', 'Expect:']) {
      const args = ['--fail-with-body', '-H', expect100, '-H', 'PRIVATE-TOKEN: wrong', '-T', 'sent.bin'];
      const up = await user.curl([...args, `${base}/large.bin`]);
      expect([expect100, up.code, up.status]).toEqual([expect100, 22, expect.toBeOneOf([401, 413])]);
      expect(up.stdout).toMatch(up.status === 413 ? tooLarge : /^\{"message":"401 Unauthorized"\}$/);
    }
  });

  test.for([
    ['with a read-only token', 403, 'has no scope', () => [ground.readOnly, ground.project] as const],
    ['to a project that does not exist', 404, 'Project Not Found', () => [ground.tokens.personal] as const],
  ] as const)('shows why 30 MB %s are refused', async ([, status, words, target]) => {
    await user.space.write('sent.bin', noise(30_000_000));
    const [token, owner] = target();
    const project = owner
      ? ground.endpoint('generic', owner)
      : `${ground.url}/api/v4/projects/0/packages/generic`;
    for (const expect100 of ['Expect: 100-continue', 'Expect:']) {
      const args = [
        '--fail-with-body',
        '-H',
        expect100,
        ...carriers['PRIVATE-TOKEN'](token),
        '-T',
        'sent.bin',
      ];
      const up = await user.curl([...args, `${project}/tool/1.0/refused.bin`]);
      expect([expect100, up.code, up.status]).toEqual([expect100, 22, expect.toBeOneOf([status, 413])]);
      expect(up.stdout).toMatch(up.status === 413 ? tooLarge : words);
    }
  });

  test('gets 413 for 6 GB before it has sent them all, and before it sends any with Expect: 100-continue', async () => {
    const path = await user.space.write('huge.bin', '');
    await truncate(path, 6_000_000_000);
    for (const expect100 of ['Expect: 100-continue', 'Expect:']) {
      const up = await curl(
        '--expect100-timeout',
        '60',
        '-H',
        expect100,
        '-T',
        'huge.bin',
        `${base}/huge.bin`,
      );
      expect([expect100, up.code, up.status]).toEqual([expect100, 22, 413]);
      expect(up.stdout).toMatch(tooLarge);
      if (expect100 === 'Expect:') expect(up.sent).toBeLessThan(6_000_000_000);
      else expect(up.sent).toBe(0);
    }
  });

  test('leaves nothing behind when an upload is cut off', async () => {
    const url = `${base}/broken.bin`;
    const args = [
      ...credential,
      '-H',
      'Content-Length: 100000',
      '-H',
      'Transfer-Encoding:',
      '--max-time',
      '1',
    ];
    const up = await user.curl([...args, '-T', '-', url], { input: noise(50_000) });
    expect(up.code).not.toBe(0);
    const down = await curl('-L', url);
    expect([down.code, down.status]).toEqual([22, 404]);
  });

  test('uploads and downloads many files with --parallel', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `many-${index}.bin`);
    const contents = new Map<string, Buffer>();
    for (const name of names) {
      const content = noise(20_000);
      contents.set(name, content);
      await user.space.write(name, content);
    }
    const up = await curl('--parallel', '-T', `{${names.join(',')}}`, `${base}/`);
    expect(up.code).toBe(0);
    const down = await curl('--parallel', '-L', ...names.flatMap((name) => ['-o', name, `${base}/${name}`]));
    expect(down.code).toBe(0);
    for (const name of names) expect(contents.get(name)?.equals(await user.read(name))).toBe(true);
  });
});
