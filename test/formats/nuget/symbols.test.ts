import { beforeEach, describe, expect, test } from 'vitest';
import { readPdb } from '../../../services/formats/nuget/symbols/read-pdb.ts';
import { changeStatuses } from '../../../services/registry/packages/change-versions.ts';
import { itemOf } from '../../../services/registry/records/entities.ts';
import { indexes, inIndex1, keys } from '../../../services/registry/records/keys.ts';
import { removeVersion } from '../../../services/registry/removal/remove-version.ts';
import { named } from '../../kit/names.ts';
import { type NugetApp, refusalOf, startNuget } from '../../kit/nuget-registry.ts';
import { nupkg, portablePdb, snupkg } from '../../kit/nupkg.ts';
import { rulesOf } from '../../kit/rules.ts';

let nuget: NugetApp;
beforeEach(async () => {
  nuget = await startNuget();
});

const pdb = (number: number, content?: string) =>
  portablePdb(`${number.toString(16).padStart(8, '0')}${'0'.repeat(24)}00000000`, content);
const signatureOf = (bytes: Buffer) => readPdb(bytes)?.signature ?? '';
const address = (name: string, bytes: Buffer) => `/symbolfiles/${name}/${signatureOf(bytes)}/${name}`;
const pushSymbols = (bytes: Uint8Array, token?: string) =>
  nuget.push(bytes, { path: '/symbolpackage/', ...(token !== undefined && { token }) });

describe('symbol packages', () => {
  test('are stored with their version, and their symbols are found by name and signature', async () => {
    await nuget.push();
    const files = [
      { path: 'lib/net8.0/Acme.Tool.pdb', content: pdb(1) },
      { path: 'lib/netstandard2.0/Acme.Tool.pdb', content: pdb(2) },
      { path: 'lib/netstandard2.1/Acme.Tool.pdb', content: pdb(2) },
    ];
    const { response, bytes } = await pushSymbols(snupkg({ files }));
    expect(response.status).toBe(201);
    const download = await nuget.get('/download/acme.tool/1.0.0/acme.tool.1.0.0.snupkg');
    expect(Buffer.from(await download.arrayBuffer()).equals(bytes)).toBe(true);
    for (const number of [1, 2]) {
      const path = address('Acme.Tool.pdb', pdb(number));
      const otherCase = path.replace('Acme.Tool.pdb', 'ACME.TOOL.PDB').replace('ffffffff', 'FFFFFFFF');
      for (const each of [path, otherCase]) {
        const answer = await nuget.get(each);
        expect([each, answer.status]).toEqual([each, 200]);
        expect(Buffer.from(await answer.arrayBuffer()).equals(pdb(number))).toBe(true);
      }
    }
    expect(await nuget.json('/download/acme.tool/index.json')).toEqual({ versions: ['1.0.0'] });
    const [{ id } = { id: 0 }] = await nuget.json<{ id: number }[]>(
      `/api/v4/projects/${nuget.project.id}/packages`,
    );
    const stored = await nuget.json<{ file_name: string }[]>(
      `/api/v4/projects/${nuget.project.id}/packages/${id}/package_files`,
    );
    expect(stored).toHaveLength(4);
    expect(nuget.errors).toEqual([]);
  });

  test('answer 404 for a name that is too long for the table', async () => {
    const name = 'a'.repeat(1100);
    expect((await nuget.get(`/symbolfiles/${name}/1/${name}`)).status).toBe(404);
    expect(nuget.errors).toEqual([]);
  });

  test('have names of at most 255 bytes', async () => {
    await nuget.push();
    const [longest, tooLong] = [251, 252].map((length) => `${'a'.repeat(length)}.pdb`);
    const pushed = async (name = '') =>
      (await pushSymbols(snupkg({ files: [{ path: `lib/${name}`, content: pdb(1) }] }))).response;
    expect((await pushed(longest)).status).toBe(201);
    expect((await nuget.get(address(longest ?? '', pdb(1)))).status).toBe(200);
    const refused = await pushed(tooLong);
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('255 bytes')]);
    expect((await nuget.get(address(tooLong ?? '', pdb(1)))).status).toBe(404);
    expect(nuget.errors).toEqual([]);
  });

  test('are found at every level by callers who may pull, and hidden from others', async () => {
    await nuget.push();
    await pushSymbols(snupkg({ files: [{ path: 'a.pdb', content: pdb(1) }] }));
    const { token } = await nuget.user('stranger');
    const path = address('a.pdb', pdb(1));
    const absent = address('a.pdb', pdb(2));
    for (const prefix of [nuget.base, '/api/v4/groups/acme/-/packages/nuget', '/api/v4/packages/nuget']) {
      expect([prefix, (await nuget.get(prefix + path)).status]).toEqual([prefix, 200]);
      for (const caller of [token, null]) {
        const hidden = await nuget.get(prefix + path, { token: caller });
        const missing = await nuget.get(prefix + absent, { token: caller });
        expect([prefix, hidden.status]).toEqual([prefix, caller === null ? 401 : 404]);
        expect([missing.status, await missing.text()]).toEqual([hidden.status, await hidden.text()]);
      }
      expect((await nuget.get(prefix + absent)).status).toBe(404);
    }
  });

  test('are not served from an unserved version, but from another one with the same symbols', async () => {
    const actor = { kind: 'user', id: nuget.app.root.id, name: 'root' } as const;
    const symbols = (id: string) => snupkg({ id, files: [{ path: 'a.pdb', content: pdb(1) }] });
    const markUnserved = (name: string) => {
      const change = {
        project: nuget.project,
        actor,
        format: rulesOf('nuget'),
        name: named.package(name),
        versions: [named.version('1.0.0')],
      };
      return changeStatuses(nuget.app.registry, change, () => 'pending_destruction');
    };
    for (const id of ['First', 'Last']) {
      await nuget.push({ id });
      await pushSymbols(symbols(id));
    }
    const statuses = async () =>
      Promise.all(
        [nuget.base, '/api/v4/groups/acme/-/packages/nuget', '/api/v4/packages/nuget'].map(
          async (prefix) => (await nuget.get(prefix + address('a.pdb', pdb(1)))).status,
        ),
      );
    await markUnserved('last');
    expect(await statuses()).toEqual([200, 200, 200]);
    await markUnserved('first');
    expect(await statuses()).toEqual([404, 404, 404]);
  });

  test('are found even if a hidden package has the same symbols', async () => {
    const open = await nuget.app.project('open', 'public');
    const symbols = (id: string) => snupkg({ id, files: [{ path: 'a.pdb', content: pdb(1) }] });
    await nuget.push({ id: 'Closed' });
    await pushSymbols(symbols('Closed'));
    const to = `/api/v4/projects/${open.id}/packages/nuget`;
    await nuget.push({ id: 'Open' }, { path: `${to}/` });
    await nuget.push(symbols('Open'), { path: `${to}/symbolpackage` });
    const { token } = await nuget.user('stranger');
    const path = `/api/v4/packages/nuget${address('a.pdb', pdb(1))}`;
    expect((await nuget.get(path, { token })).status).toBe(200);
    expect((await nuget.get(path, { token: null })).status).toBe(200);
    expect((await nuget.get(nuget.base + address('a.pdb', pdb(1)), { token })).status).toBe(404);
  });

  test('are found even if hundreds of hidden packages have the same symbols', async () => {
    const { registry } = nuget;
    const alias = `a.pdb/${signatureOf(pdb(1))}`.toLowerCase();
    const closed = await nuget.app.project('closed', 'private');
    await nuget.push();
    await pushSymbols(snupkg({ files: [{ path: 'a.pdb', content: pdb(1) }] }));
    const ref = { projectId: closed.id, format: 'nuget', name: named.package('closed') };
    for (let id = 1_000; id < 1_450; id++) {
      const file = { id, version: `1.0.${id}`, fileName: 'a.pdb' };
      const index = inIndex1(indexes.aliases('nuget', alias).pk, String(id).padStart(16, '0'));
      await registry.table.write([
        { put: itemOf(keys.file(ref, named.version(file.version), named.identity('a.pdb')), file, index) },
      ]);
    }
    const reporter = await nuget.user('reporter', { level: 20, of: nuget.project });
    for (const prefix of [nuget.base, '/api/v4/groups/acme/-/packages/nuget', '/api/v4/packages/nuget']) {
      const answer = await nuget.get(prefix + address('a.pdb', pdb(1)), { token: reporter.token });
      expect([prefix, answer.status]).toEqual([prefix, 200]);
    }
  });

  test('are sent only if they match a checksum of the debugger', async () => {
    await nuget.push();
    await pushSymbols(snupkg({ files: [{ path: 'a.pdb', content: pdb(1) }] }));
    const right = readPdb(pdb(1))?.checksum ?? '';
    const wrong = '0'.repeat(64);
    const statusFor = async (checksum: string) =>
      (await nuget.get(address('a.pdb', pdb(1)), { headers: { symbolchecksum: checksum } })).status;
    expect(await statusFor(`SHA256:${right}`)).toBe(200);
    expect(await statusFor(`sha256:${right.toUpperCase()}`)).toBe(200);
    expect(await statusFor(`SHA256:${wrong};SHA256:${right}`)).toBe(200);
    expect(await statusFor(`SHA256:${wrong}`)).toBe(404);
    expect(await statusFor('MD5:00')).toBe(200);
  });

  test('are stored completely when they have many files', async () => {
    await nuget.push();
    const files = Array.from({ length: 45 }, (_, index) => ({
      path: `lib/${index}/a.pdb`,
      content: pdb(index + 1),
    }));
    expect((await pushSymbols(snupkg({ files }))).response.status).toBe(201);
    for (const index of [1, 10, 11, 45]) {
      expect((await nuget.get(address('a.pdb', pdb(index)))).status).toBe(200);
    }
  });

  test('may be pushed again unless the group forbids duplicates', async () => {
    await nuget.push();
    const symbols = (content: string) => snupkg({ files: [{ path: 'a.pdb', content: pdb(1, content) }] });
    await pushSymbols(symbols('one'));
    expect((await pushSymbols(symbols('two'))).response.status).toBe(201);
    const answer = await nuget.get(address('a.pdb', pdb(1)));
    expect(Buffer.from(await answer.arrayBuffer()).equals(pdb(1, 'two'))).toBe(true);
    await nuget.send('PUT', '/api/v4/groups/acme/package_settings', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ nuget_duplicates_allowed: false }),
    });
    const refused = (await pushSymbols(symbols('three'))).response;
    expect(await refusalOf(refused)).toEqual([
      409,
      expect.stringContaining('Acme.Tool 1.0.0 already exists'),
    ]);
    const after = await nuget.get(address('a.pdb', pdb(1)));
    expect(Buffer.from(await after.arrayBuffer()).equals(pdb(1, 'two'))).toBe(true);
  });

  test('do not restore a version that is removed during the push', async () => {
    await nuget.push();
    await nuget.push({ version: '2.0.0' });
    const { table } = nuget.registry;
    const write = table.write.bind(table);
    table.write = async (writes) => {
      table.write = write;
      const facts = {
        project: nuget.project,
        format: 'nuget',
        name: named.package('acme.tool'),
        version: named.version('1.0.0'),
      };
      await removeVersion(nuget.registry, { ...facts, actor: { kind: 'user', id: 1, name: 'root' } });
      return write(writes);
    };
    const { response } = await pushSymbols(snupkg({ files: [{ path: 'a.pdb', content: pdb(1) }] }));
    expect(response.status).toBe(404);
    expect(await nuget.json('/download/acme.tool/index.json')).toEqual({ versions: ['2.0.0'] });
    expect(nuget.errors).toEqual([]);
  });

  test('are deleted with their version', async () => {
    await nuget.push();
    await pushSymbols(snupkg({ files: [{ path: 'a.pdb', content: pdb(1) }] }));
    const [{ id } = { id: 0 }] = await nuget.json<{ id: number }[]>(
      `/api/v4/projects/${nuget.project.id}/packages`,
    );
    await nuget.send('DELETE', `/api/v4/projects/${nuget.project.id}/packages/${id}`);
    expect((await nuget.get(address('a.pdb', pdb(1)))).status).toBe(404);
  });

  const files = [{ path: 'a.pdb', content: pdb(1) }];
  test.for([
    [
      'symbols without their package',
      snupkg({ version: '2.0', files }),
      /Push Acme.Tool 2.0.0 before its symbols/,
    ],
    [
      'a package without the type "SymbolsPackage"',
      nupkg({ files }),
      /no package type "SymbolsPackage"; pack with SymbolPackageFormat=snupkg/,
    ],
    [
      'symbols that are not a PDB',
      snupkg({ files: [...files, { path: 'b.pdb', content: 'x' }] }),
      /b.pdb is not a symbol file \(PDB\)/,
    ],
    [
      'damaged symbols',
      snupkg({ files: [...files, { path: 'b.pdb', content: pdb(2), statedSize: 9 }] }),
      /can't be read/,
    ],
    [
      'symbols that unpack to far more than the upload',
      snupkg({
        files: [...files, { path: 'b.pdb', content: Buffer.concat([pdb(2), Buffer.alloc(4 << 20)]) }],
      }),
      /has \d+ bytes of symbols; at most \d+ are allowed$/,
    ],
    ['a body that is not a zip', new Uint8Array(9), /not a whole zip archive/],
  ] as const)('are rejected and leave nothing: %s', async ([, bytes, why]) => {
    await nuget.push();
    const { response } = await pushSymbols(bytes);
    expect(await refusalOf(response)).toEqual([400, expect.stringMatching(why)]);
    expect(await nuget.blobCount()).toBe(1);
    expect((await nuget.get(address('a.pdb', pdb(1)))).status).toBe(404);
    expect(nuget.errors).toEqual([]);
  });

  test('are rejected from callers who may not publish', async () => {
    await nuget.push();
    const reporter = await nuget.user('reporter', { level: 20, of: nuget.project });
    expect((await pushSymbols(snupkg({ files }), reporter.token)).response.status).toBe(403);
  });
});

describe('legacy symbol packages', () => {
  const library = { path: 'lib/netstandard2.0/Acme.Tool.dll', content: 'MZ'.repeat(500) };
  const legacy = nupkg({ files: [library, { path: 'lib/netstandard2.0/acme.tool.PDB', content: pdb(1) }] });
  const download = async () => {
    const answer = await nuget.get('/download/acme.tool/1.0.0/acme.tool.1.0.0.nupkg');
    return Buffer.from(await answer.arrayBuffer());
  };

  test('do not replace their package, and the refusal says how to pack symbols', async () => {
    const { bytes } = await nuget.push();
    const { response } = await nuget.push(legacy);
    const reason = expect.stringMatching(
      /^Acme.Tool 1.0.0 exists without symbols, .* pack with SymbolPackageFormat=snupkg/,
    );
    expect(response.statusText).toEqual(reason);
    expect(await refusalOf(response)).toEqual([409, reason]);
    expect((await download()).equals(bytes)).toBe(true);
    expect(await nuget.blobCount()).toBe(1);
  });

  test('are replaced by their package when they come first', async () => {
    await nuget.push(legacy);
    const { response, bytes } = await nuget.push();
    expect(response.status).toBe(201);
    expect((await download()).equals(bytes)).toBe(true);
  });

  test('can be pushed again as the package itself, which may include its symbols', async () => {
    for (const bytes of [
      legacy,
      legacy,
      nupkg({ files: [library, { path: 'src/a.pdb', content: pdb(2) }] }),
    ]) {
      expect((await nuget.push(bytes)).response.status).toBe(201);
    }
  });
});
