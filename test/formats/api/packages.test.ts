import { beforeEach, describe, expect, test } from 'vitest';
import { memoryTable } from '../../../services/adapters/memory/memory-table.ts';
import { levels } from '../../../services/domain/access.ts';
import type { Project } from '../../../services/domain/accounts.ts';
import type { PackageStatus } from '../../../services/domain/packages.ts';
import type { Table } from '../../../services/ports/table.ts';
import { moveTag } from '../../../services/registry/packages/move-tag.ts';
import { changedVersionWrites } from '../../../services/registry/packages/package-writes.ts';
import { findVersionById } from '../../../services/registry/packages/read-versions.ts';
import { named } from '../../kit/names.ts';
import { addMember, deployToken, personalToken } from '../../kit/start-app.ts';
import { type Answer, type Api, pagesOf, startApi } from './api-client.ts';

let api: Api;
let project: Project;
beforeEach(async () => {
  api = await startApi();
  project = await api.app.project('tools');
});

const versions = (answer: Answer) =>
  answer.body.map((each: { name: string; version: string }) => `${each.name} ${each.version}`);
const list = (query = '', token?: string) => api.get(`/projects/${project.id}/packages${query}`, { token });

async function idOf(name: string, version: string): Promise<number> {
  const { body } = await list(`?package_name=${name}&package_version=${version}`);
  return body[0].id;
}

async function setStatus(id: number, status: PackageStatus): Promise<void> {
  const version = await findVersionById(api.app.registry, project.id, id);
  if (!version) throw new Error('no such version');
  await api.app.registry.table.write(changedVersionWrites(project, { ...version, status }));
}

describe('the package list of a project with very many names', () => {
  /** How many names are read for a part of a name. */
  const READ = 100_000;
  let queries: number;

  /** A table that has 1,000 more names on each page of names, before its own. */
  function withNames(own: Table): Table {
    return {
      ...own,
      async query(query) {
        if (!query.pk.startsWith('NAMES#') || query.prefix !== 'generic#') return own.query(query);
        queries++;
        const at = Number(/Bulk-(?<at>\d+)/.exec(query.after ?? '')?.groups?.at ?? 0);
        if (at >= 3 * READ) return own.query(query);
        const items = Array.from({ length: 1000 }, (_, index) => {
          const name = `Bulk-${String(at + index + 1).padStart(6, '0')}`;
          return {
            pk: query.pk,
            sk: `generic#${name}#`,
            format: 'generic',
            name,
            projectId: 999,
            ancestors: [],
          };
        });
        return { items, more: true };
      },
    };
  }

  test('reads a bounded number of them, says that the answer is incomplete, and finds the exact name', async () => {
    queries = 0;
    api = await startApi({ stores: { table: withNames(memoryTable()) } });
    project = await api.app.project('tools');
    await api.publish(project.id, 'Zeta', '1.0');
    await api.publish(project.id, 'Zeta-more', '1.0');
    const answer = await list('?package_name=Zeta');
    expect([answer.status, versions(answer)]).toEqual([200, ['Zeta 1.0']]);
    expect(answer.headers.get('x-incomplete-results')).toBe('true');
    expect(answer.headers.get('x-total')).toBeNull();
    expect(queries).toBe(READ / 1000);
    expect(versions(await list())).toEqual(['Zeta 1.0', 'Zeta-more 1.0']);
  });
});

describe('the package list of a project', () => {
  test('shows a version right after its publish', async () => {
    await api.publish(project.id, 'tool', '1.0');
    const { body, headers } = await list();
    const [{ id }] = body;
    expect(body).toEqual([
      {
        id,
        name: 'tool',
        version: '1.0',
        package_type: 'generic',
        status: 'default',
        _links: {
          web_path: `/acme/tools/-/packages/${id}`,
          delete_api_path: `http://registry.test/api/v4/projects/${project.id}/packages/${id}`,
        },
        created_at: '2026-01-02T03:04:05.000Z',
        last_downloaded_at: null,
        creator_id: api.app.root.id,
        tags: [],
      },
    ]);
    expect(headers.get('x-total')).toBe('1');
    const reporter = await api.app.user('rep', { level: levels.reporter, of: project });
    expect((await list('', reporter.token)).body[0]._links.delete_api_path).toBeUndefined();
  });

  test('can be filtered and ordered, and rejects invalid parameters', async () => {
    for (const [name, version] of [
      ['zeta', '1.0'],
      ['alpha-tool', '2.0'],
      ['Beta-Tool', '1.0'],
    ] as const) {
      await api.publish(project.id, name, version);
      api.app.clock.advance(1000);
    }
    const cases = [
      ['', ['zeta 1.0', 'alpha-tool 2.0', 'Beta-Tool 1.0']],
      ['?sort=desc', ['Beta-Tool 1.0', 'alpha-tool 2.0', 'zeta 1.0']],
      ['?order_by=name', ['alpha-tool 2.0', 'Beta-Tool 1.0', 'zeta 1.0']],
      ['?order_by=version&sort=desc', ['alpha-tool 2.0', 'Beta-Tool 1.0', 'zeta 1.0']],
      ['?order_by=type', ['alpha-tool 2.0', 'Beta-Tool 1.0', 'zeta 1.0']],
      ['?package_name=TOOL', ['alpha-tool 2.0', 'Beta-Tool 1.0']],
      ['?package_name=ta-t', ['Beta-Tool 1.0']],
      ['?package_version=1.0', ['zeta 1.0', 'Beta-Tool 1.0']],
      ['?package_type=generic&package_name=z', ['zeta 1.0']],
      ['?package_type=npm', []],
      ['?include_versionless=true&package_name=z', ['zeta 1.0']],
      ['?package_version=&package_name=z', ['zeta 1.0']],
      ['?package_version=%20&package_name=%20', ['zeta 1.0', 'alpha-tool 2.0', 'Beta-Tool 1.0']],
      [
        '?page=&per_page=&cursor=&id_after=&id_before=&include_versionless=',
        ['zeta 1.0', 'alpha-tool 2.0', 'Beta-Tool 1.0'],
      ],
      ['?pagination=keyset&per_page=&cursor=&order_by=name', ['alpha-tool 2.0', 'Beta-Tool 1.0', 'zeta 1.0']],
    ] as const;
    for (const [query, expected] of cases) {
      const found = versions(await list(query));
      if (query.includes('version&sort')) expect([...found].sort()).toEqual([...expected].sort());
      else expect([query, found]).toEqual([query, expected]);
    }
    for (const [query, error] of [
      ['?package_type=cobol', 'package_type does not have a valid value'],
      ['?status=lost', 'status does not have a valid value'],
      ['?order_by=size', 'order_by does not have a valid value'],
      ['?order_by=project_path', 'order_by does not have a valid value'],
      ['?sort=up', 'sort does not have a valid value'],
      [
        '?package_type=&status=',
        'package_type does not have a valid value, status does not have a valid value',
      ],
      ['?order_by=&sort=', 'order_by does not have a valid value, sort does not have a valid value'],
      ['?pagination=', 'pagination does not have a valid value'],
      ['?page=x', 'page is invalid'],
    ]) {
      const answer = await list(query);
      expect([query, answer.status, answer.body]).toEqual([query, 400, { error }]);
    }
  });

  test('includes hidden packages and those in processing or destruction only on request', async () => {
    const statuses = [
      'default',
      'hidden',
      'processing',
      'error',
      'deprecated',
      'pending_destruction',
    ] as const;
    for (const status of statuses) {
      await api.publish(project.id, status, '1.0');
      await setStatus(await idOf(status, '1.0'), status);
    }
    expect(versions(await list())).toEqual(['default 1.0', 'error 1.0', 'deprecated 1.0']);
    for (const status of statuses) {
      const { body } = await list(`?status=${status}`);
      expect(body).toMatchObject([{ name: status, status }]);
      const shown = await api.get(`/projects/${project.id}/packages/${body[0].id}`);
      const visible = status === 'default' || status === 'deprecated';
      expect([status, shown.status]).toEqual([status, visible ? 200 : 404]);
      expect(body[0]._links.web_path === undefined).toBe(!visible);
    }
  });

  test.each(['', '&pagination=keyset', '&pagination=keyset&order_by=name&sort=desc'])(
    'has every version once across its pages%s',
    async (mode) => {
      for (let n = 0; n < 7; n++) await api.publish(project.id, `tool${n}`, '1.0');
      const pages = await pagesOf(api, `/projects/${project.id}/packages?per_page=3${mode}`);
      expect(pages.map((page) => page.body.length)).toEqual([3, 3, 1]);
      expect(new Set(pages.flatMap(versions)).size).toBe(7);
    },
  );
});

describe('a package', () => {
  test('shows its other versions and its tags', async () => {
    for (const version of ['1.0', '2.0']) await api.publish(project.id, 'tool', version);
    await api.publish(project.id, 'tool-2', '1.0');
    const actor = { kind: 'system', id: 0, name: 'system' } as const;
    await moveTag(api.app.registry, {
      project,
      actor,
      format: 'generic',
      name: named.package('tool'),
      tag: named.tag('latest'),
      version: named.version('2.0'),
    });
    const [first, second] = [await idOf('tool', '1.0'), await idOf('tool', '2.0')];
    const { body } = await api.get(`/projects/${project.id}/packages/${first}`);
    expect(body).toMatchObject({ id: first, version: '1.0', tags: [] });
    const tag = { id: expect.any(Number), package_id: second, name: 'latest' };
    expect(body.versions).toMatchObject([{ id: second, version: '2.0', tags: [tag], pipelines: [] }]);
    expect((await list('?package_version=2.0')).body[0].tags).toMatchObject([tag]);
  });

  test('lists its files and serves them', async () => {
    for (const file of ['b.txt', 'a.txt']) await api.publish(project.id, 'tool', '1.0', undefined, file);
    const path = `/projects/${project.id}/packages/${await idOf('tool', '1.0')}/package_files`;
    const { body } = await api.get(path);
    expect(body.map((file: { file_name: string }) => file.file_name)).toEqual(['b.txt', 'a.txt']);
    expect(body[0]).toMatchObject({
      size: 14,
      file_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      pipelines: [],
    });
    const sorted = await api.get(`${path}?order_by=file_name`);
    expect(sorted.body.map((file: { file_name: string }) => file.file_name)).toEqual(['a.txt', 'b.txt']);
    const sent = await api.get(`${path}/${body[1].id}/download`);
    expect([sent.status, sent.body]).toEqual([200, 'tool 1.0 a.txt']);
    const part = await api.get(`${path}/${body[1].id}/download`, { headers: { range: 'bytes=0-3' } });
    expect([part.status, part.body]).toEqual([206, 'tool']);
    expect((await api.ask('HEAD', `${path}/${body[1].id}/download`)).headers.get('content-length')).toBe(
      '14',
    );
    expect((await api.get(`${path}/999/download`)).body).toEqual({ message: '404 Package File Not Found' });
  });

  test('has an empty list of pipelines, with at most 20 per page', async () => {
    await api.publish(project.id, 'tool', '1.0');
    const path = `/projects/${project.id}/packages/${await idOf('tool', '1.0')}/pipelines`;
    expect((await api.get(path)).body).toEqual([]);
    expect((await api.get(`${path}?per_page=21`)).body).toEqual({
      error: 'per_page does not have a valid value',
    });
  });

  test('is not found in another project', async () => {
    await api.publish(project.id, 'tool', '1.0');
    const other = await api.app.project('other');
    const answer = await api.get(`/projects/${other.id}/packages/${await idOf('tool', '1.0')}`);
    expect([answer.status, answer.body]).toEqual([404, { message: '404 Package Not Found' }]);
    expect((await api.get(`/projects/${project.id}/packages/999`)).status).toBe(404);
  });
});

describe('deleting', () => {
  test('removes a package, which gets a new id when it is published again', async () => {
    await api.publish(project.id, 'tool', '1.0');
    const id = await idOf('tool', '1.0');
    const answer = await api.del(`/projects/${project.id}/packages/${id}`);
    expect([answer.status, answer.body, answer.headers.get('content-type')]).toEqual([204, '', null]);
    expect((await list()).body).toEqual([]);
    expect((await api.del(`/projects/${project.id}/packages/${id}`)).status).toBe(404);
    await api.publish(project.id, 'tool', '1.0');
    expect((await list()).body[0].id).not.toBe(id);
  });

  test('removes a file', async () => {
    for (const file of ['a.txt', 'b.txt']) await api.publish(project.id, 'tool', '1.0', undefined, file);
    const path = `/projects/${project.id}/packages/${await idOf('tool', '1.0')}/package_files`;
    const { body } = await api.get(path);
    expect((await api.del(`${path}/${body[0].id}`)).status).toBe(204);
    expect((await api.get(path)).body).toMatchObject([{ file_name: 'b.txt' }]);
    expect((await api.del(`${path}/${body[0].id}`)).status).toBe(404);
  });

  test('answers 412 when the package has changed since the given time', async () => {
    await api.publish(project.id, 'tool', '1.0');
    const path = `/projects/${project.id}/packages/${await idOf('tool', '1.0')}`;
    const since = (time: string) => ({ headers: { 'if-unmodified-since': time } });
    const refused = await api.del(path, since('Thu, 01 Jan 2026 00:00:00 GMT'));
    expect([refused.status, refused.body]).toEqual([412, { message: '412 Precondition Failed' }]);
    expect((await api.del(path, since('Fri, 02 Jan 2026 03:04:05 GMT'))).status).toBe(204);
  });

  test('removes one version and keeps the others', async () => {
    for (const version of ['1.0', '2.0', '3.0']) await api.publish(project.id, 'tool', version);
    await api.del(`/projects/${project.id}/packages/${await idOf('tool', '2.0')}`);
    expect(versions(await list())).toEqual(['tool 1.0', 'tool 3.0']);
  });
});

describe('permissions', () => {
  const roles = [
    ['guest', levels.guest, 403, 403],
    ['reporter', levels.reporter, 200, 403],
    ['developer', levels.developer, 200, 403],
    ['maintainer', levels.maintainer, 200, 204],
  ] as const;
  test.each(roles)(
    'a %s (%i) in a private project gets %i for reading and %i for deleting',
    async (name, level, reads, deletes) => {
      await api.publish(project.id, 'tool', '1.0');
      const id = await idOf('tool', '1.0');
      const caller = await api.app.user(name, { level, of: project });
      expect((await list('', caller.token)).status).toBe(reads);
      expect((await api.get(`/projects/${project.id}/packages/${id}`, caller)).status).toBe(reads);
      expect((await api.del(`/projects/${project.id}/packages/${id}`, caller)).status).toBe(deletes);
    },
  );

  test('strangers get 404, anonymous callers 401, and everyone 403 when the registry is disabled', async () => {
    const stranger = await api.app.user('stranger');
    expect((await list('', stranger.token)).body).toEqual({ message: '404 Project Not Found' });
    expect((await list('', '')).status).toBe(401);
    await api.put(`/projects/${project.id}`, { package_registry_access_level: 'disabled' });
    expect((await list()).status).toBe(403);
    await api.put(`/projects/${project.id}`, { package_registry_access_level: 'public' });
    expect((await list('', '')).status).toBe(200);
  });

  test('public packages make nothing else of a private project public', async () => {
    await api.publish(project.id, 'tool', '1.0');
    await api.put(`/projects/${project.id}`, { package_registry_access_level: 'public' });
    const stranger = await api.app.user('stranger');
    expect(versions(await list('', stranger.token))).toEqual(['tool 1.0']);
    expect((await api.get(`/projects/${project.id}`, stranger)).status).toBe(404);
    expect((await api.get(`/projects/${project.id}/members`, { token: '' })).status).toBe(401);
    expect((await api.get('/projects', { token: '' })).body).toEqual([]);
  });

  test.each([
    ['read_package_registry', 200, 403],
    ['write_package_registry', 200, 204],
    ['read_api', 200, 403],
    ['read_registry', 403, 403],
    ['read_user', 403, 403],
  ] as const)('a token with %s gets %i for reading and %i for deleting', async (scope, reads, deletes) => {
    await api.publish(project.id, 'tool', '1.0');
    const id = await idOf('tool', '1.0');
    const token = await personalToken(api.app.registry, api.app.root, [scope]);
    expect((await list('', token)).status).toBe(reads);
    expect((await api.del(`/projects/${project.id}/packages/${id}`, { token })).status).toBe(deletes);
  });

  test('a deploy token with the write scope may not delete', async () => {
    await api.publish(project.id, 'tool', '1.0');
    const { secret } = await deployToken(api.app.registry, project, ['write_package_registry']);
    const id = await idOf('tool', '1.0');
    expect((await api.del(`/projects/${project.id}/packages/${id}`, { token: secret })).status).toBe(403);
  });
});

describe('the package list of a group', () => {
  test('has the packages of all projects that the caller may read, with their projects', async () => {
    const sub = await api.app.subgroup('sub');
    const inner = await api.app.project('inner', 'public', sub);
    await api.publish(project.id, 'secret', '1.0');
    api.app.clock.advance(1000);
    await api.publish(inner.id, 'open', '1.0');
    const stranger = await api.app.user('stranger');
    const all = await api.get('/groups/acme/packages');
    expect(versions(all)).toEqual(['secret 1.0', 'open 1.0']);
    expect(all.body[1]).toMatchObject({ project_id: inner.id, project_path: 'acme/sub/inner' });
    for (const token of [stranger.token, '']) {
      expect(versions(await api.get('/groups/acme/packages', { token }))).toEqual(['open 1.0']);
    }
    await addMember(api.app.registry, stranger.user, project, levels.reporter);
    expect(versions(await api.get('/groups/acme/packages', stranger))).toEqual(['secret 1.0', 'open 1.0']);
    expect(versions(await api.get('/groups/acme/packages?exclude_subgroups=true'))).toEqual(['secret 1.0']);
    expect(versions(await api.get('/groups/acme%2Fsub/packages'))).toEqual(['open 1.0']);
    expect(versions(await api.get('/groups/acme/packages?order_by=project_path'))).toEqual([
      'open 1.0',
      'secret 1.0',
    ]);
    await api.put(`/projects/${project.id}`, { package_registry_access_level: 'disabled' });
    expect(versions(await api.get('/groups/acme/packages'))).toEqual(['open 1.0']);
  });

  test('covers very many projects', async () => {
    for (let n = 0; n < 60; n++) {
      const each = await api.app.project(`p${n}`);
      if (n % 20 === 0) await api.publish(each.id, `tool${n}`, '1.0');
    }
    const other = await api.post('/groups', { name: 'Other', path: 'other' });
    const outside = await api.post('/projects', { path: 'outside', namespace_id: other.body.id });
    await api.publish(outside.body.id, 'outside', '1.0');
    const pages = await pagesOf(api, '/groups/acme/packages?per_page=2&order_by=name');
    expect(pages.flatMap(versions)).toEqual(['tool0 1.0', 'tool20 1.0', 'tool40 1.0']);
  });
});
