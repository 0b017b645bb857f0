import { beforeAll, describe, expect, test } from 'vitest';
import { padId } from '../../../services/registry/records/keys.ts';
import { type Api, pagesOf, startApi } from './api-client.ts';

let api: Api;
const longest = 'n'.repeat(255);

beforeAll(async () => {
  api = await startApi();
  const project = await api.app.project('tools', 'public');
  for (const [name, version] of [
    ['lib', '1.0'],
    ['lib', '2.0'],
    [longest, longest],
    ['Lib', '1.0'],
  ] as const) {
    await api.publish(project.id, name, version);
  }
});

const encoded = (position: unknown) =>
  Buffer.from(typeof position === 'string' ? position : JSON.stringify(position)).toString('base64url');

const packages = '/projects/acme%2Ftools/packages?pagination=keyset';
const lists = [
  packages,
  `${packages}&order_by=name`,
  `${packages}&order_by=type&sort=desc`,
  `${packages}&order_by=version`,
  `${packages}&package_name=lib`,
  '/groups/acme/packages?pagination=keyset',
  '/groups/acme/packages?pagination=keyset&order_by=name',
  '/groups/acme/packages?pagination=keyset&order_by=project_path',
  '/groups/acme/projects?pagination=keyset',
  '/projects?pagination=keyset&order_by=name',
  '/groups?pagination=keyset',
  '/groups?pagination=keyset&order_by=id',
  '/users?pagination=keyset',
  '/namespaces?pagination=keyset',
  '/groups/acme/members?pagination=keyset',
  '/personal_access_tokens?pagination=keyset',
];

describe.each(lists)('%s', (list) => {
  test.each([
    ['no Base64 of JSON', encoded('[1')],
    ['no pair', encoded([1, 2, 3])],
    ['an object', encoded({ 0: 1, 1: 1, length: 2 })],
    ['half a character', encoded('["\\ud800",1]')],
    ['too long a text', encoded(['a'.repeat(1001), 1])],
    ['a negative id', encoded([-1, -1])],
    ['a fraction of an id', encoded([1.5, 1.5])],
    ['an infinite id', encoded('[1e400,1e400]')],
    ['an id that is text', encoded(['1', '1'])],
    ['a value that is a list', encoded([[1], 1])],
    ['a value that is absent', encoded([null, 1])],
  ])('refuses a cursor with %s', async (_what, cursor) => {
    const { status, body } = await api.get(`${list}&cursor=${cursor}`);
    expect([status, body]).toEqual([400, { error: 'cursor is invalid' }]);
  });

  test('goes on after the cursors in its links', async () => {
    const pages = await pagesOf(api, `${list}&per_page=1`);
    const ids = pages.flatMap(({ body }) => body.map(({ id }: { id: number }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(0);
    expect(ids).toHaveLength((await api.get(`${list}&per_page=100`)).body.length);
  });
});

describe('a list of packages in an order that is read from where a page starts', () => {
  const id = padId(1);
  test.each([
    ['', ['1', 1]],
    ['', ['a'.repeat(900), 1]],
    ['', [padId(2), 1]],
    ['&order_by=name', [`lib#1.0#${padId(2)}`, 1]],
    ['&order_by=name', ['lib', 1]],
    ['&order_by=name', [`000#lib#1.0#${id}`, 1]],
    ['&order_by=name', [`${'a'.repeat(900)}#1.0#${id}`, 1]],
    ['&order_by=name', [`lib#${'é'.repeat(400)}#${id}`, 1]],
    ['&order_by=type', [`lib#1.0#${id}`, 1]],
    ['&order_by=type', [`999#lib#1.0#${id}`, 1]],
  ])('refuses a cursor that no version has (%s, %j)', async (order, position) => {
    const { status, body } = await api.get(`${packages}${order}&cursor=${encoded(position)}`);
    expect([status, body]).toEqual([400, { error: 'cursor is invalid' }]);
  });
});

test.each(['x', 'a'.repeat(1500), `${padId(1)}#`, '\ud800', `${padId(1)}#${'g'.repeat(64)}`])(
  'the list of reserved paths refuses to go on after %j',
  async (after) => {
    const { status, body } = await api.get(
      `/admin/reserved_paths?after=${encodeURIComponent(after.toWellFormed())}`,
    );
    expect([status, body]).toEqual([400, { error: 'after is invalid' }]);
  },
);

test('the list of names refuses a cursor that is no name', async () => {
  const cursor = 'a'.repeat(600);
  expect((await api.get(`/admin/package_names?package_type=npm&cursor=${cursor}`)).status).toBe(400);
});
