import { beforeEach, describe, expect, test } from 'vitest';
import { levels } from '../../../services/domain/access.ts';
import { eventDetails } from '../../kit/events.ts';
import { messageOf, type PypiApp, pypiPrefix, startPypi } from '../../kit/pypi-registry.ts';
import { sdist, wheel } from '../../kit/python-package.ts';

let pypi: PypiApp;
beforeEach(async () => {
  pypi = await startPypi();
  for (const version of ['1.0', '2.0']) await pypi.upload(wheel({ version }));
});

const yank = (version: string, init: Parameters<PypiApp['send']>[2] = {}, name = 'sample') =>
  pypi.send('PUT', `${pypi.base}/yank/${name}/${version}`, init);
const yanked = async () => (await pypi.page()).files.map((file) => file.yanked);

describe('yanking a version', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const json = { 'content-type': 'application/json' };
  test.each([
    ['without a reason', {}, true],
    ['for a reason in a form', { body: 'reason=broken+on+3.9', headers: form }, 'broken on 3.9'],
    ['for a reason in JSON', { body: '{"reason":"größer\\n <b>"}', headers: json }, 'größer <b>'],
    [
      'for a reason that looks like a placeholder of ours',
      { body: 'reason={packhouse:base}' },
      '{packhouse:base}',
    ],
    ['with JSON without a reason', { body: '{}', headers: json }, true],
  ])('%s shows in the index and can be undone', async (_, init, shown) => {
    const before = (await pypi.send('GET', `${pypi.base}/simple/sample/`)).headers.get('etag') ?? '';
    expect((await yank('1.0', init)).status).toBe(204);
    expect(await yanked()).toEqual([shown, false]);
    const after = await pypi.send('GET', `${pypi.base}/simple/sample/`, {
      headers: { 'if-none-match': before },
    });
    expect(after.status).toBe(200);
    expect(await after.text()).toContain('data-yanked="');
    expect((await pypi.send('DELETE', `${pypi.base}/yank/sample/1.0`)).status).toBe(204);
    expect(await yanked()).toEqual([false, false]);
  });

  test('tells the reasons before and after in its events', async () => {
    for (const reason of ['broken', 'unsafe']) {
      await yank('1.0', { body: JSON.stringify({ reason }), headers: json });
      pypi.clock.advance(1000);
    }
    await pypi.send('DELETE', `${pypi.base}/yank/sample/1.0`);
    const plain = { status: 'default', facts: {} };
    const yankedFor = (reason: string) => ({ status: 'deprecated', facts: { yanked: reason } });
    expect(await eventDetails(pypi.registry.table, 'pypi', 'package_changed')).toEqual([
      ['1.0.0', { before: plain, after: yankedFor('broken') }],
      ['1.0.0', { before: yankedFor('broken'), after: yankedFor('unsafe') }],
      ['1.0.0', { before: yankedFor('unsafe'), after: plain }],
    ]);
  });

  test('applies to files that are added later, and accepts any spelling of name and version', async () => {
    await pypi.upload(await sdist({ name: 'My.Pkg', version: '1.0rc1' }), { name: 'My.Pkg' });
    expect((await yank('1.0.RC1', {}, 'my_PKG')).status).toBe(204);
    await pypi.upload(wheel({ name: 'My.Pkg', version: '1.0rc1' }), { name: 'My.Pkg' });
    expect((await pypi.page('my-pkg')).files.map((file) => file.yanked)).toEqual([true, true]);
  });

  test('keeps its files downloadable, and shows the version as deprecated in lists', async () => {
    await yank('1.0');
    const [file] = (await pypi.page()).files;
    expect((await pypi.send('GET', new URL(file?.url ?? '').pathname)).status).toBe(200);
    const list = (await (
      await pypi.send('GET', `/api/v4/projects/${pypi.tools.id}/packages`)
    ).json()) as object[];
    expect(list).toMatchObject([
      { version: '1.0', status: 'deprecated' },
      { version: '2.0', status: 'default' },
    ]);
  });

  test('is idempotent, and so is undoing it', async () => {
    await yank('1.0', { body: 'reason=a' });
    const etag = (await pypi.send('HEAD', `${pypi.base}/simple/sample/`)).headers.get('etag');
    expect((await yank('1.0', { body: 'reason=a' })).status).toBe(204);
    expect((await pypi.send('DELETE', `${pypi.base}/yank/sample/2.0`)).status).toBe(204);
    expect((await pypi.send('HEAD', `${pypi.base}/simple/sample/`)).headers.get('etag')).toBe(etag);
  });

  test('is rejected with the reason', async () => {
    const developer = await pypi.user('developer', { level: levels.developer, of: pypi.tools });
    const cases: [Response, number, string][] = [
      [await yank('3.0'), 404, 'Version not found'],
      [await yank('one'), 404, 'Version not found'],
      [await yank('1.0', {}, 'absent'), 404, 'Package Not Found'],
      [await yank('1.0', { token: developer.token }), 403, 'yanking Maintainer'],
      [await yank('1.0', { token: '' }), 401, 'The token is missing'],
      [await yank('1.0', { body: 'x', headers: json }), 400, 'not valid JSON'],
      [await yank('1.0', { body: '{"reason":1}', headers: json }), 400, 'reason must be a string'],
      [
        await yank('1.0', { body: `reason=${'x'.repeat(1_001)}` }),
        400,
        'reason must be a string of at most 1000',
      ],
      [await yank('1.0', { body: 'x'.repeat(20_000) }), 413, '16384 bytes'],
      [await pypi.send('PUT', `${pypiPrefix.group('acme')}/yank/sample/1.0`), 405, 'Yank in a project'],
    ];
    for (const [answer, status, message] of cases) {
      expect([answer.status, await messageOf(answer)]).toEqual([status, expect.stringContaining(message)]);
    }
    expect(await yanked()).toEqual([false, false]);
    expect(pypi.errors).toEqual([]);
  });
});
