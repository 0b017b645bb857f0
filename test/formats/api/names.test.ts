import { beforeEach, describe, expect, test } from 'vitest';
import type { Group, Project } from '../../../services/domain/accounts.ts';
import { createGroup } from '../../../services/registry/accounts/create-group.ts';
import { type Api, eventsOf, pagesOf, startApi } from './api-client.ts';

let api: Api;
let other: Group;
let own: Project;
let foreign: Project;
beforeEach(async () => {
  api = await startApi();
  const ownerId = api.app.root.id;
  other = await createGroup(api.app.registry, {
    name: 'Other',
    path: 'other',
    visibility: 'public',
    ownerId,
  });
  own = await api.app.project('tools', 'public');
  foreign = await api.app.project('tools', 'public', other);
});

const names = '/admin/package_names';
const prefixes = '/admin/package_prefixes';

/** The status of a generic package's file at instance level. */
async function statusOf(name: string, version: string): Promise<number> {
  return (await api.get(`/packages/generic/${name}/${version}/file.txt`)).status;
}

/** The last event about a name; those of one millisecond have no order. */
async function lastEvent() {
  return (await eventsOf(api.app)).filter(({ type }) => /^name_(moved|released)|^prefix_/.test(type)).at(-1);
}

test.each([names, prefixes])('%s is closed to all but administrators', async (path) => {
  const { token } = await api.app.user('ann');
  const json = { package_type: 'generic', name: 'tool', prefix: 'tool', namespace_id: 'other' };
  for (const [credential, status] of [
    ['', 401],
    [token, 403],
  ] as const) {
    expect((await api.get(`${path}?package_type=generic`, { token: credential })).status).toBe(status);
    expect((await api.put(path, json, { token: credential })).status).toBe(status);
    expect((await api.ask('DELETE', path, { token: credential, json })).status).toBe(status);
  }
});

describe('the names of a format', () => {
  test('are listed with their owners, page by page, also those that nobody holds', async () => {
    for (const name of ['b', 'a', 'lib-one', 'lib-two']) await api.publish(own.id, name, '1.0');
    await api.publish(foreign.id, 'c', '1.0');
    const packages = await api.get(`/projects/${own.id}/packages?package_name=b`);
    await api.del(`/projects/${own.id}/packages/${packages.body[0].id}`);
    const pages = await pagesOf(api, `${names}?package_type=generic&per_page=2`);
    expect(pages.map(({ body }) => body.map(({ name }: { name: string }) => name))).toEqual([
      ['a', 'b'],
      ['c', 'lib-one'],
      ['lib-two'],
    ]);
    expect(pages[1]?.body[0]).toEqual({
      ...{ package_type: 'generic', name: 'c', released: false },
      namespace: { id: other.id, full_path: 'other', kind: 'group' },
      updated_at: expect.stringMatching(/^2026-/),
    });
    const found = await api.get(`${names}?package_type=generic&search=lib-`);
    expect(found.body.map(({ name }: { name: string }) => name)).toEqual(['lib-one', 'lib-two']);
  });

  test('are not listed by texts that are longer than names', async () => {
    await api.publish(own.id, 'a', '1.0');
    const list = `${names}?package_type=generic`;
    expect(await api.get(`${list}&search=${'a'.repeat(1500)}`)).toMatchObject({ status: 200, body: [] });
    expect((await api.get(`${list}&cursor=${'a'.repeat(1500)}`)).status).toBe(400);
  });

  test('can have the maximum length', async () => {
    const longest = `com${'/example'.repeat(63)}/abcd`;
    expect(longest).toHaveLength(512);
    const maven = { package_type: 'maven', namespace_id: 'other' };
    expect((await api.put(names, { ...maven, name: longest })).status).toBe(200);
    expect((await api.put(names, { ...maven, name: `${longest}e` })).status).toBe(400);
    const prefix = `${'a'.repeat(200)}/${'b'.repeat(200)}`;
    expect((await api.put(prefixes, { ...maven, prefix })).status).toBe(200);
    const { body } = await api.get(`${names}?package_type=maven&search=${longest}`);
    expect(body).toMatchObject([{ name: longest }]);
  });

  test('are moved to another namespace, which serves them from then on', async () => {
    await api.publish(own.id, 'tool', '1.0');
    await api.publish(foreign.id, 'tool', '2.0');
    expect([await statusOf('tool', '1.0'), await statusOf('tool', '2.0')]).toEqual([200, 404]);
    const moved = await api.put(names, { package_type: 'generic', name: 'tool', namespace_id: 'other' });
    expect([moved.status, moved.body.namespace.full_path]).toEqual([200, 'other']);
    expect([await statusOf('tool', '1.0'), await statusOf('tool', '2.0')]).toEqual([404, 200]);
    expect(await lastEvent()).toMatchObject({
      ...{ type: 'name_moved', format: 'generic', name: 'tool', actor: { name: 'root' } },
      owner: { kind: 'group', id: other.id, path: 'other' },
      details: { before: api.app.group.id, after: other.id },
    });
  });

  test('are kept for a namespace before they are published', async () => {
    await api.put(names, { package_type: 'pypi', name: 'Corp_Lib', namespace_id: other.id });
    const { body } = await api.get(`${names}?package_type=pypi`);
    expect(body).toMatchObject([{ name: 'corp-lib', namespace: { id: other.id } }]);
  });

  test('that are released serve nothing, and belong to whoever publishes them next', async () => {
    await api.publish(own.id, 'tool', '1.0');
    await api.publish(foreign.id, 'tool', '2.0');
    const name = { package_type: 'generic', name: 'tool' };
    expect((await api.ask('DELETE', names, { json: name })).status).toBe(204);
    expect([await statusOf('tool', '1.0'), await statusOf('tool', '2.0')]).toEqual([404, 404]);
    const { body } = await api.get(`${names}?package_type=generic`);
    expect(body).toMatchObject([{ name: 'tool', released: true, namespace: null }]);
    expect(await lastEvent()).toMatchObject({
      type: 'name_released',
      owner: { id: api.app.group.id, path: 'acme' },
    });
    expect((await api.ask('DELETE', names, { json: name })).status).toBe(404);
    await api.publish(foreign.id, 'tool', '3.0');
    expect([await statusOf('tool', '1.0'), await statusOf('tool', '2.0')]).toEqual([404, 200]);
  });

  test('of a namespace that was deleted can be released', async () => {
    await api.publish(foreign.id, 'tool', '1.0');
    await api.del(`/groups/other?permanently_remove=true&full_path=other`);
    const { body } = await api.get(`${names}?package_type=generic`);
    expect(body[0].namespace).toEqual({ id: other.id, full_path: null, kind: null });
    expect((await api.ask('DELETE', names, { json: { package_type: 'generic', name: 'tool' } })).status).toBe(
      204,
    );
    await api.publish(own.id, 'tool', '2.0');
    expect(await statusOf('tool', '2.0')).toBe(200);
  });

  test.each([
    [{ package_type: 'nothing', name: 'tool', namespace_id: 'other' }, 400],
    [{ package_type: 'generic', name: 'a b', namespace_id: 'other' }, 400],
    [{ package_type: 'generic', name: 'tool', namespace_id: 'nobody' }, 400],
    [{ package_type: 'generic', name: 'tool', namespace_id: 'acme/team' }, 400],
    [{ package_type: 'npm', name: '@acme/tool', namespace_id: 'other' }, 400],
    [{ package_type: 'generic', name: 'bound-tool', namespace_id: 'other' }, 409],
  ])('%j is refused', async (json, status) => {
    await api.app.subgroup('team');
    await api.put(prefixes, { package_type: 'generic', prefix: 'bound', namespace_id: 'acme' });
    expect((await api.put(names, json)).status).toBe(status);
  });
});

describe('the prefixes of a format', () => {
  test('are listed with the namespaces that they are bound to', async () => {
    await api.put(prefixes, { package_type: 'nuget', prefix: 'Acme.', namespace_id: 'acme' });
    await api.put(prefixes, { package_type: 'maven', prefix: 'com.acme', namespace_id: 'acme' });
    api.app.clock.advance(1);
    await api.put(prefixes, { package_type: 'maven', prefix: 'com.acme', namespace_id: 'other' });
    const all = await api.get(prefixes);
    expect(all.body.map(({ prefix }: { prefix: string }) => prefix)).toEqual(['com/acme', 'acme']);
    const maven = await api.get(`${prefixes}?package_type=maven`);
    expect(maven.body).toEqual([
      {
        ...{ package_type: 'maven', prefix: 'com/acme' },
        namespace: { id: other.id, full_path: 'other', kind: 'group' },
        created_at: expect.stringMatching(/^2026-/),
      },
    ]);
    expect(await lastEvent()).toMatchObject({
      ...{ type: 'prefix_bound', format: 'maven', name: 'com/acme' },
      details: { before: api.app.group.id, after: other.id },
    });
  });

  test('give names back to their owners when they are unbound', async () => {
    await api.publish(own.id, 'corp-tool', '1.0');
    await api.publish(foreign.id, 'corp-tool', '2.0');
    const prefix = { package_type: 'generic', prefix: 'corp' };
    await api.put(prefixes, { ...prefix, namespace_id: 'other' });
    expect([await statusOf('corp-tool', '1.0'), await statusOf('corp-tool', '2.0')]).toEqual([404, 200]);
    api.app.clock.advance(1);
    expect((await api.ask('DELETE', prefixes, { json: prefix })).status).toBe(204);
    expect([await statusOf('corp-tool', '1.0'), await statusOf('corp-tool', '2.0')]).toEqual([200, 404]);
    expect(await lastEvent()).toMatchObject({ type: 'prefix_unbound', details: { before: other.id } });
    expect((await api.ask('DELETE', prefixes, { json: prefix })).status).toBe(404);
  });

  test.each([
    { package_type: 'generic', prefix: '-' },
    { package_type: 'generic', prefix: 'a.b.c.d.e.f.g.h.i.j.k' },
    { package_type: 'npm', prefix: '@a b' },
    { package_type: 'maven', prefix: 'com.acme:app:jar' },
    { package_type: 'nuget', prefix: 'a..b' },
    { package_type: 'nothing', prefix: 'a' },
  ])('%j is refused', async (json) => {
    expect((await api.put(prefixes, { ...json, namespace_id: 'other' })).status).toBe(400);
  });
});
