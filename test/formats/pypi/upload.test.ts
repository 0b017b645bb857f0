import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { memoryTable } from '../../../services/adapters/memory/memory-table.ts';
import { levels } from '../../../services/domain/access.ts';
import { TableBusy } from '../../../services/ports/table.ts';
import { messageOf, type PypiApp, startPypi } from '../../kit/pypi-registry.ts';
import {
  attestationOf,
  type Built,
  type FormPart,
  formOf,
  sdist,
  uploadForm,
  wheel,
} from '../../kit/python-package.ts';
import { deployToken } from '../../kit/start-app.ts';
import { zip } from '../../kit/zip.ts';

let pypi: PypiApp;
beforeEach(async () => {
  pypi = await startPypi();
});

const blobCount = async () => (await pypi.registry.blobs.list()).blobs.length;
const pathOf = (url: string) => new URL(url).pathname;
const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');

describe('an upload', () => {
  test('makes a wheel and a source distribution installable', async () => {
    const built = [wheel({ metadata: { 'Requires-Python': '>=3.9, <4' } }), await sdist()];
    for (const each of built) {
      const answer = await pypi.upload(each);
      expect([answer.status, await answer.json()]).toEqual([201, { message: '201 Created' }]);
    }
    const { versions, files } = await pypi.page();
    expect(versions).toEqual(['1.0.0']);
    expect(files.map(({ filename }) => filename)).toEqual(built.map(({ fileName }) => fileName));
    for (const [index, { url, hashes, size }] of files.entries()) {
      const download = await pypi.send('GET', pathOf(url));
      const bytes = Buffer.from(await download.arrayBuffer());
      expect([download.status, bytes.equals(built[index]?.bytes ?? bytes.subarray(1))]).toEqual([200, true]);
      expect([hashes.sha256, size]).toEqual([sha256(bytes), bytes.byteLength]);
    }
    expect(files[0]?.['requires-python']).toBe('>=3.9, <4');
    expect(pypi.errors).toEqual([]);
  });

  test('of a wheel also publishes its metadata file, byte for byte', async () => {
    const built = wheel({ description: 'größer' });
    await pypi.upload(built);
    const [file] = (await pypi.page()).files;
    const metadata = await pypi.send('GET', `${pathOf(file?.url ?? '')}.metadata`);
    const text = await metadata.text();
    expect([metadata.status, text]).toEqual([200, built.metadata]);
    expect(file?.['core-metadata']).toEqual({ sha256: sha256(text) });
  });

  test('of a source distribution publishes no metadata, since a build may change it', async () => {
    await pypi.upload(await sdist());
    const [file] = (await pypi.page()).files;
    expect(file?.['core-metadata']).toBe(false);
    expect((await pypi.send('GET', `${pathOf(file?.url ?? '')}.metadata`)).status).toBe(404);
  });

  test('of a source distribution may be a zip', async () => {
    const { metadata } = await sdist();
    const bytes = zip([{ path: 'sample-1.0.0/PKG-INFO', content: metadata }]);
    expect((await pypi.upload({ fileName: 'sample-1.0.0.zip', bytes, metadata })).status).toBe(201);
  });

  test('may have fields after the file, a trailing slash in the address, and no action', async () => {
    const { fileName, bytes } = wheel();
    const form = formOf([
      ['content', { fileName, bytes }],
      ['other', { fileName: 'x', bytes: Buffer.from('passed over') }],
      ['name', 'Sample'],
      ['version', 'v1.0.0'],
    ]);
    expect((await pypi.send('POST', `${pypi.base}/`, form)).status).toBe(201);
  });

  test('may have many dependencies and a long description', async () => {
    const many = Array.from({ length: 2_000 }, (_, index) => `package-${index}>=1; extra == "all"`);
    const description = 'größer '.repeat(200_000);
    const built = wheel({ description, metadata: { 'Requires-Dist': many } });
    expect((await pypi.upload(built, { requires_dist: many, description })).status).toBe(201);
    const { files } = await pypi.page();
    expect(await (await pypi.send('GET', `${pathOf(files[0]?.url ?? '')}.metadata`)).text()).toBe(
      built.metadata,
    );
  });

  test('may arrive in small pieces', async () => {
    const { body, headers } = uploadForm(
      await sdist({ files: { 'sample-1.0.0/big': Buffer.alloc(200_000, 'xyz') } }),
    );
    let at = 0;
    const stream = new ReadableStream({
      pull(controller) {
        if (at >= body.byteLength) controller.close();
        else controller.enqueue(body.subarray(at, at + 777));
        at += 777;
      },
    });
    expect((await pypi.send('POST', pypi.base, { body: stream, headers })).status).toBe(201);
  });

  test.each([
    ['My.Odd__Name', 'my_odd_name', '1.0.post1', '1.0.post1'],
    ['sample', 'Sample', '1!2.0+Local.7', '1!2.0+local.7'],
  ])('of %s is found by its normalized name, whatever the spelling', async (name, file, version, normal) => {
    const built = await sdist({ name, version, fileName: `${file}-${version}.tar.gz` });
    expect((await pypi.upload(built, { name, version })).status).toBe(201);
    const { files, versions } = await pypi.page(name.toLowerCase().replaceAll(/[-_.]+/g, '-'));
    expect(versions).toEqual([normal]);
    const download = await pypi.send('GET', pathOf(files[0]?.url ?? ''));
    expect(download.status).toBe(200);
    expect(download.headers.get('content-disposition')).toContain(built.fileName);
  });

  test('may have a signature and attestations, which are stored and served', async () => {
    const built = wheel();
    const signature = '-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n';
    const attestation = attestationOf(built.fileName, sha256(built.bytes));
    const answer = await pypi.upload(built, {
      gpg_signature: { fileName: `${built.fileName}.asc`, bytes: Buffer.from(signature) },
      attestations: JSON.stringify([attestation]),
    });
    expect(answer.status).toBe(201);
    const [file] = (await pypi.page()).files;
    expect(await (await pypi.send('GET', `${pathOf(file?.url ?? '')}.asc`)).text()).toBe(signature);
    const provenance = await pypi.send('GET', pathOf(file?.provenance ?? ''));
    expect(provenance.headers.get('content-type')).toBe('application/vnd.pypi.integrity.v1+json');
    expect(await provenance.json()).toEqual({
      version: 1,
      attestation_bundles: [{ publisher: { kind: 'Packhouse', user: 'root' }, attestations: [attestation] }],
    });
    const other = pathOf(file?.provenance ?? '').replace('py3-none-any.whl', 'py2-none-any.whl');
    expect((await pypi.send('GET', other)).status).toBe(404);
  });
});

test('a source distribution may have a second PKG-INFO in a top-level .egg-info', async () => {
  const built = await sdist({ files: { 'sample.egg-info/PKG-INFO': 'Metadata-Version: 2.1\n' } });
  expect((await pypi.upload(built)).status).toBe(201);
});

test('a Requires-Python may be folded over several lines', async () => {
  const built = wheel({ metadata: { 'Requires-Python': '>=3.9,\n        <4' } });
  expect((await pypi.upload(built, { requires_python: '>=3.9, <4' })).status).toBe(201);
  expect((await pypi.page()).files[0]?.['requires-python']).toBe('>=3.9, <4');
});

describe('an invalid upload', () => {
  async function expectRefusal(answer: Response, status: number, message: string): Promise<void> {
    const text = await messageOf(answer);
    expect([answer.status, text]).toEqual([status, expect.stringContaining(message)]);
    expect(answer.statusText).toBe(text);
    expect(await blobCount()).toBe(0);
    expect(pypi.errors).toEqual([]);
  }

  const good = wheel();
  const digest = sha256(good.bytes);
  test.each<[string, Record<string, FormPart | FormPart[] | undefined>]>([
    ['content is missing', { content: undefined }],
    ['content must be sent as a file', { content: 'text' }],
    ['name is missing', { name: undefined }],
    ['name is missing, version is missing', { name: ' ', version: undefined }],
    ['"-x" is not a valid name', { name: '-x' }],
    ['"one" is not a valid version', { version: 'one' }],
    ['name is "other" in the form but "sample" in sample-1.0.0.dist-info/METADATA', { name: 'other' }],
    ['version is "2.0" in the form but "1.0.0"', { version: '2.0' }],
    ['requires_python is ">=3.8" in the form but ">=3.9"', { requires_python: '>=3.8' }],
    ['sha256_digest is 00000', { sha256_digest: '0'.repeat(64) }],
    ['sha256_digest is not a hexadecimal digest', { sha256_digest: 'abc' }],
    ['sha256_digest is not a hexadecimal digest', { sha256_digest: 'g'.repeat(64) }],
    ['md5_digest is 00000', { md5_digest: '0'.repeat(32) }],
    ['md5_digest is not a hexadecimal digest', { md5_digest: digest }],
    ['The action "submit" is not supported', { ':action': 'submit' }],
    ['protocol_version must be 1', { protocol_version: '2' }],
    ['more than one file', { content: [1, 2].map(() => ({ fileName: good.fileName, bytes: good.bytes })) }],
    ['not an ASCII-armored OpenPGP signature', { gpg_signature: { fileName: 'a', bytes: Buffer.from('x') } }],
    [
      'The signature has more than 65536 bytes',
      { gpg_signature: { fileName: 'a', bytes: Buffer.alloc(100_000, 'x') } },
    ],
    ['Invalid attestations: attestations is not valid JSON', { attestations: 'x' }],
    [
      'Invalid attestations: an attestation is about',
      { attestations: JSON.stringify([attestationOf('a-1.zip', digest)]) },
    ],
    ['The form has more than 5000 fields', { classifiers: Array.from({ length: 5_001 }, () => 'x') }],
    ...[
      'sample-1.0.0.exe',
      '../sample-1.0.0.tar.gz',
      'a/sample-1.0.0.zip',
      'sample-1.0.0-py3-none-any.whl\u0001',
      '',
    ].map((fileName): [string, Record<string, FormPart>] => [
      'is not the file name of a distribution',
      { content: { fileName, bytes: good.bytes } },
    ]),
  ])('is rejected with the reason: %s', async (message, fields) => {
    await expectRefusal(await pypi.upload(good, fields), 400, message);
  });

  test('is rejected when its content has no file name', async () => {
    const { body, headers } = uploadForm(good);
    const nameless = Buffer.from(body).toString('latin1').replace(`; filename="${good.fileName}"`, '');
    const answer = await pypi.send('POST', pypi.base, { body: Buffer.from(nameless, 'latin1'), headers });
    await expectRefusal(answer, 400, 'content must be sent as a file, with a file name');
  });

  test.each<[string, () => Promise<Built> | Built]>([
    [
      'in it has the name other',
      () => wheel({ fileName: 'sample-1.0.0-py3-none-any.whl', metadata: { Name: 'other' } }),
    ],
    ['in it has the version 2.0', () => wheel({ metadata: { Version: '2.0' } })],
    [
      '"x y" in sample-1.0.0.dist-info/METADATA is not a valid name',
      () => wheel({ metadata: { Name: 'x y' } }),
    ],
    ['"one" in sample-1.0.0/PKG-INFO is not a valid version', () => sdist({ metadata: { Version: 'one' } })],
    ['PKG-INFO has no Name', () => sdist({ rawMetadata: 'Metadata-Version: 2.1\n' })],
    ['has no PKG-INFO', () => sdist({ files: { 'sample-1.0.0/PKG-INFO': undefined } })],
    ["The archive can't be read", () => ({ ...wheel(), bytes: Buffer.from('no zip') })],
    ["The archive can't be read", async () => ({ ...(await sdist()), bytes: Buffer.from('no tar') })],
    ["The archive can't be read", () => ({ ...wheel(), bytes: new Uint8Array() })],
  ])('is rejected when the archive is invalid or contradicts the form: %s', async (message, build) => {
    const built = await build();
    const [name, version] = ['sample', '1.0.0'];
    const formName = message.includes('has the name other') ? 'other' : name;
    const formVersion = message.includes('has the version 2.0') ? '2.0' : version;
    await expectRefusal(await pypi.upload(built, { name: formName, version: formVersion }), 400, message);
  });

  test('is rejected when the body is not a form or is truncated', async () => {
    const headers = { 'content-type': 'application/json' };
    await expectRefusal(
      await pypi.send('POST', pypi.base, { body: '{}', headers }),
      400,
      "form can't be read",
    );
    const form = uploadForm(wheel());
    for (const length of [20, 200, form.body.byteLength - 300, form.body.byteLength - 4]) {
      const body = form.body.subarray(0, length);
      await expectRefusal(await pypi.send('POST', pypi.base, { ...form, body }), 400, "form can't be read");
    }
  });

  test('is rejected at the address of the index, with the correct address', async () => {
    const form = uploadForm(wheel());
    await expectRefusal(
      await pypi.send('POST', `${pypi.base}/simple/`, form),
      405,
      `upload to http://registry.test${pypi.base}`,
    );
    await expectRefusal(
      await pypi.send('POST', '/api/v4/packages/pypi/simple', form),
      405,
      'the address of a project',
    );
  });

  test('is rejected with the reason when the caller may not publish', async () => {
    const reader = await deployToken(pypi.registry, pypi.tools, ['read_package_registry']);
    const guest = await pypi.user('guest', { level: levels.reporter, of: pypi.tools });
    await expectRefusal(await pypi.upload(wheel(), {}, { token: '' }), 401, 'The token is missing, wrong');
    await expectRefusal(
      await pypi.upload(wheel(), {}, { token: 'phat-wrong' }),
      401,
      'The token is missing, wrong',
    );
    await expectRefusal(
      await pypi.upload(wheel(), {}, { token: reader.secret }),
      403,
      'The token has no scope',
    );
    await expectRefusal(await pypi.upload(wheel(), {}, { token: guest.token }), 403, 'publishing Developer');
  });
});

describe('an existing file', () => {
  const words = /already been taken.*already exists/;

  test('is not replaced by different bytes, with an error that clients recognize', async () => {
    await pypi.upload(wheel());
    const kept = await blobCount();
    const answer = await pypi.upload(wheel({ description: 'other' }));
    const message = await messageOf(answer);
    expect([answer.status, message]).toEqual([400, expect.stringMatching(words)]);
    expect(message).toContain('with other content');
    expect(await blobCount()).toBe(kept);
    const [file] = (await pypi.page()).files;
    expect(file?.hashes.sha256).toBe(sha256(wheel().bytes));
  });

  test('may be uploaded again with the same bytes, so that a half-done upload can go on', async () => {
    const built = [wheel(), await sdist()];
    await pypi.upload(built[0] ?? wheel());
    const etag = (await pypi.send('HEAD', `${pypi.base}/simple/sample/`)).headers.get('etag');
    const kept = await blobCount();
    expect((await pypi.upload(built[0] ?? wheel())).status).toBe(201);
    expect([await blobCount(), (await pypi.page()).files.length]).toEqual([kept, 1]);
    expect((await pypi.send('HEAD', `${pypi.base}/simple/sample/`)).headers.get('etag')).toBe(etag);
    for (const each of built) expect((await pypi.upload(each)).status).toBe(201);
    expect((await pypi.page()).files).toHaveLength(2);
  });

  test('keeps its attestations and signature when it is uploaded again with others', async () => {
    const file = wheel();
    const first = attestationOf(file.fileName, sha256(file.bytes));
    expect((await pypi.upload(file, { attestations: JSON.stringify([first]) })).status).toBe(201);
    const before = await pypi.page();
    const kept = await blobCount();
    const other = {
      ...first,
      verification_material: { ...first.verification_material, extra: 1 },
    };
    expect((await pypi.upload(file, { attestations: JSON.stringify([other]) })).status).toBe(201);
    expect([await pypi.page(), await blobCount()]).toEqual([before, kept]);
  });

  test('rules out a file whose name means the same to installers', async () => {
    const first = await sdist({ name: 'my-pkg', version: '1.0rc1' });
    const second = await sdist({ name: 'My.Pkg', version: '1.0.RC1', fileName: 'My.Pkg-1.0.RC1.tar.gz' });
    expect((await pypi.upload(first)).status).toBe(201);
    const answer = await pypi.upload(second);
    expect([answer.status, await messageOf(answer)]).toEqual([
      400,
      expect.stringContaining('my_pkg-1.0rc1.tar.gz'),
    ]);
  });

  test('may be uploaded again after it was deleted', async () => {
    await pypi.upload(wheel());
    const list = (await (await pypi.send('GET', `/api/v4/projects/${pypi.tools.id}/packages`)).json()) as {
      id: number;
    }[];
    const files = `/api/v4/projects/${pypi.tools.id}/packages/${list[0]?.id}/package_files`;
    const shown = (await (await pypi.send('GET', files)).json()) as { id: number; file_name: string }[];
    expect(shown.map(({ file_name }) => file_name)).toEqual([wheel().fileName]);
    expect((await pypi.send('DELETE', `${files}/${shown[0]?.id}`)).status).toBe(204);
    await expect(pypi.page()).rejects.toThrow('404');
    expect((await pypi.upload(wheel({ description: 'other' }))).status).toBe(201);
    expect((await pypi.page()).files).toHaveLength(1);
  });
});

describe('an upload that cannot be committed', () => {
  test('leaves nothing, answers 503, and succeeds when it is retried', async () => {
    const table = memoryTable();
    let broken = false;
    const write: typeof table.write = async (operations) => {
      if (broken) throw new TableBusy();
      return table.write(operations);
    };
    pypi = await startPypi({ stores: { table: { ...table, write } } });
    await pypi.upload(wheel({ version: '0.9' }));
    const kept = await blobCount();
    broken = true;
    const answer = await pypi.upload(wheel());
    expect([answer.status, await messageOf(answer)]).toEqual([
      503,
      expect.stringContaining('try again later'),
    ]);
    expect(await blobCount()).toBe(kept);
    expect((await pypi.page()).versions).toEqual(['0.9']);
    broken = false;
    expect((await pypi.upload(wheel())).status).toBe(201);
    expect((await pypi.page()).versions).toEqual(['0.9', '1.0.0']);
  });
});

describe('concurrent uploads', () => {
  test('of several files of a new version are all stored', async () => {
    const built = ['cp310', 'cp311', 'cp312', 'cp313', 'cp314'].map((tag) =>
      wheel({ tag: `${tag}-${tag}-win_amd64` }),
    );
    const answers = await Promise.all([...built, await sdist()].map((each) => pypi.upload(each)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201, 201]);
    const { versions, files } = await pypi.page();
    expect([versions, files.length]).toEqual([['1.0.0'], 6]);
    const list = await (await pypi.send('GET', `/api/v4/projects/${pypi.tools.id}/packages`)).json();
    expect(list).toMatchObject([{ name: 'sample', version: '1.0.0', package_type: 'pypi' }]);
    expect(list).toHaveLength(1);
  });

  test('of one file with different bytes succeed once', async () => {
    const built = ['a', 'b', 'c', 'd'].map((description) => wheel({ description }));
    const answers = await Promise.all(built.map((each) => pypi.upload(each)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400, 400]);
    const winner = built[answers.findIndex(({ status }) => status === 201)];
    const [file, ...more] = (await pypi.page()).files;
    expect([file?.hashes.sha256, more]).toEqual([sha256(winner?.bytes ?? ''), []]);
    for (const answer of answers.filter(({ status }) => status === 400)) {
      expect(await messageOf(answer)).toMatch(words);
    }
    expect(await blobCount()).toBe(2);
  });

  test.each([false, true])(
    'of one file in several spellings succeed once (version exists: %s)',
    async (exists) => {
      const names = ['foo_bar', 'Foo.Bar', 'foo-bar', 'FOO__BAR'];
      const table = memoryTable();
      let racing = false;
      let lookups = 0;
      let release = () => {};
      const allLooked = new Promise<void>((resolve) => {
        release = resolve;
      });
      // Every upload looks for the file before any of them adds its own.
      const getMany: typeof table.getMany = async (keys) => {
        const items = await table.getMany(keys);
        if (racing && keys.some(({ sk }) => sk.startsWith('FILE#'))) {
          if (++lookups >= names.length) release();
          await allLooked;
        }
        return items;
      };
      pypi = await startPypi({ stores: { table: { ...table, getMany } } });
      const fields = { name: 'foo-bar' };
      if (exists) expect((await pypi.upload(wheel(fields), fields)).status).toBe(201);
      racing = true;
      const built = await Promise.all(
        names.map((name) => sdist({ ...fields, fileName: `${name}-1.0.0.tar.gz`, description: name })),
      );
      const answers = await Promise.all(built.map((each) => pypi.upload(each, fields)));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 400, 400, 400]);
      for (const answer of answers.filter(({ status }) => status === 400)) {
        expect(await messageOf(answer)).toMatch(words);
      }
      expect((await pypi.page('foo-bar')).files).toHaveLength(exists ? 2 : 1);
    },
  );

  const words = /already been taken.*already exists, with other content/;
});
