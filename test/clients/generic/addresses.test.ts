import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { describeTool } from '../client.ts';
import { noise } from '../noise.ts';
import { openPlayground, type Playground } from '../playground.ts';
import { type CurlUser, carriers, curlTool, curlUser, sha256 } from './curl.ts';

let ground: Playground;
let user: CurlUser;
let base: string;
let credential: readonly string[];
const content = noise(200_000);
beforeAll(async () => {
  ground = await openPlayground(inject('registry'));
  user = await curlUser();
  base = ground.endpoint('generic', ground.project);
  credential = carriers['Basic (--user)'](ground.tokens['group deploy']);
  await user.space.write('sent.bin', content);
});
afterAll(async () => {
  await user?.space.remove();
  await ground?.remove();
});

const curl = (...args: string[]) => user.curl([...credential, '--fail-with-body', ...args]);

/** The exit code, the status and the message of a refused request. */
async function refusal(...args: string[]): Promise<unknown[]> {
  const { code, status, stdout } = await curl(...args);
  return [code, status, JSON.parse(stdout)];
}

describeTool(curlTool, () => {
  test('finds a project by its id, and by its encoded path in any case', async () => {
    const { id, fullPath } = ground.project;
    const upload = await curl('-T', 'sent.bin', `${base}/tool/1.0/named.bin`);
    expect([upload.code, upload.status]).toEqual([0, 201]);
    const names = [String(id), encodeURIComponent(fullPath), encodeURIComponent(fullPath.toUpperCase())];
    for (const name of names) {
      const url = `${ground.url}/api/v4/projects/${name}/packages/generic/tool/1.0/named.bin`;
      const down = await curl('-L', '-o', 'received.bin', url);
      expect([name, down.code, down.status]).toEqual([name, 0, 200]);
      expect(content.equals(await user.read('received.bin'))).toBe(true);
    }
  });

  test('downloads the file from the group and the instance, too', async () => {
    const name = `shared-${ground.group.fullPath}`;
    expect((await curl('-T', 'sent.bin', `${base}/${name}/1.0/a.bin`)).status).toBe(201);
    for (const owner of [ground.group, ground.subgroup, undefined]) {
      const down = await curl(
        '-L',
        '-o',
        'received.bin',
        `${ground.endpoint('generic', owner)}/${name}/1.0/a.bin`,
      );
      expect([owner?.fullPath, down.code, down.status]).toEqual([owner?.fullPath, 0, 200]);
      expect(content.equals(await user.read('received.bin'))).toBe(true);
    }
  });

  test.for([
    'readme.txt',
    'dir/sub/readme.txt',
    'a+b.bin',
    'a@b.bin',
    'in~between.bin',
    'UPPER_lower-1.2.3.tar.gz',
  ])('stores the file name %s and gets it back unchanged', async (name) => {
    expect((await curl('-T', 'sent.bin', `${base}/names/1.0.0-rc.1+build/${name}`)).status).toBe(201);
    // -J takes the name from Content-Disposition, and never writes over a file.
    const url = `${base}/names/1.0.0-rc.1+build/${name}`;
    const folder = `saved-${sha256(Buffer.from(name))}`;
    const down = await curl('-L', '-OJ', '--create-dirs', '--output-dir', folder, url);
    expect([down.code, down.status]).toEqual([0, 200]);
    expect(sha256(await user.read(`${folder}/${name.replace(/.*\//, '')}`))).toBe(sha256(content));
    const encoded = `${base}/names/1.0.0-rc.1%2Bbuild/${encodeURIComponent(name)}`;
    expect((await curl('-L', '-o', 'received.bin', encoded)).status).toBe(200);
  });

  test('uploads to a URL that ends with a slash under the name of the file', async () => {
    expect((await curl('-T', 'sent.bin', `${base}/tool/2.0/`)).status).toBe(201);
    expect((await curl('-L', '-o', 'received.bin', `${base}/tool/2.0/sent.bin`)).status).toBe(200);
  });

  test('gets a description of the stored file with select=package_file', async () => {
    const up = await curl('-T', 'sent.bin', `${base}/tool/1.0/selected.bin?select=package_file`);
    expect([up.code, up.status]).toEqual([0, 200]);
    expect(JSON.parse(up.stdout)).toMatchObject({
      id: expect.any(Number),
      package_id: expect.any(Number),
      file_name: 'selected.bin',
      size: content.byteLength,
      file_sha256: sha256(content),
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
  });

  test('replaces a file that is uploaded again', async () => {
    const url = `${base}/tool/1.0/again.bin`;
    expect((await curl('-T', 'sent.bin', url)).status).toBe(201);
    await user.space.write('second.bin', 'the second one');
    expect((await curl('-T', 'second.bin', url)).status).toBe(201);
    expect((await curl('-L', url)).stdout).toBe('the second one');
  });

  test('deletes a file with the token of a maintainer, but not with a deploy token', async () => {
    const url = `${base}/tool/1.0/deleted.bin`;
    const maintainer = carriers['PRIVATE-TOKEN'](ground.maintainer);
    expect((await curl('-T', 'sent.bin', url)).status).toBe(201);
    expect(await refusal('-X', 'DELETE', url)).toEqual([22, 403, { message: '403 Forbidden' }]);
    expect((await user.curl([...maintainer, '-X', 'DELETE', url])).status).toBe(204);
    expect(await refusal('-L', url)).toEqual([22, 404, { message: expect.stringContaining('404') }]);
  });

  describe('shows an error for', () => {
    test('a package that does not exist', async () => {
      const message = { message: '404 Package Not Found' };
      expect(await refusal('-L', `${base}/nothing/1.0/a.bin`)).toEqual([22, 404, message]);
    });

    test('a project that does not exist', async () => {
      const url = `${ground.url}/api/v4/projects/no%2Fwhere/packages/generic/a/1/a.bin`;
      expect(await refusal('-L', url)).toEqual([22, 404, { message: '404 Project Not Found' }]);
    });

    test.for([
      ['names%20with%20spaces/1.0/a.bin', 'package_name is invalid'],
      ['tool/1..0/a.bin', 'package_version is invalid'],
      ['tool/1.0/~a.bin', 'file_name is invalid'],
      ['tool/1.0/a.bin?status=lost', 'status does not have a valid value'],
      ['tool/1.0/a.bin?select=everything', 'select does not have a valid value'],
    ] as const)('the invalid address %s', async ([path, reason]) => {
      const [code, status, body] = await refusal('--path-as-is', '-T', 'sent.bin', `${base}/${path}`);
      expect([code, status]).toEqual([22, 400]);
      expect(JSON.stringify(body)).toContain(reason);
    });

    test.for(['tool/1.0/..%2F..%2Fetc%2Fpasswd', 'tool/1.0/../../../etc/passwd', '..%2Ftool/1.0/a.bin'])(
      'the path %s, which leaves the package',
      async (path) => {
        const { code, status } = await curl('--path-as-is', '-T', 'sent.bin', `${base}/${path}`);
        expect([code, status]).toEqual([22, expect.toBeOneOf([400, 404])]);
      },
    );

    test('an upload to a group, which only serves packages', async () => {
      const [code, status, body] = await refusal(
        '-T',
        'sent.bin',
        `${ground.endpoint('generic', ground.group)}/tool/1.0/a.bin`,
      );
      expect([code, status]).toEqual([22, 405]);
      expect(JSON.stringify(body)).toContain('Publish to a project');
    });
  });
});
