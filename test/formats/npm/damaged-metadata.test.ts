import { beforeEach, describe, expect, test } from 'vitest';
import { keys } from '../../../services/registry/records/keys.ts';
import { named } from '../../kit/names.ts';
import { type NpmApp, startNpm } from '../../kit/npm-registry.ts';

let npm: NpmApp;
beforeEach(async () => {
  npm = await startNpm();
});

const TOOL = '/@acme%2ftool';
const names = (versions: object) => Object.keys(versions);

/** Overwrites the stored metadata of a version. */
async function damage(version: string, metadata: object, projectId = npm.tools.id): Promise<void> {
  const key = keys.version(
    { projectId, format: 'npm', name: named.package('@acme/tool') },
    named.version(version),
  );
  await npm.registry.table.update(key, { set: { metadata: { ...metadata } } });
}

describe('a version whose metadata is damaged', () => {
  beforeEach(async () => {
    for (const version of ['1.0.0', '1.1.0', '2.0.0']) await npm.publish({ version });
    await damage('1.1.0', { manifest: 17, secret: 'contents' });
  });

  test('is excluded from indexes, and logged once without its contents', async () => {
    expect(names((await npm.packument()).versions)).toEqual(['1.0.0', '2.0.0']);
    expect((await npm.send('GET', `${npm.base}${TOOL}/1.1.0`)).status).toBe(404);
    expect((await npm.send('GET', `${npm.base}${TOOL}/2.0.0`)).status).toBe(200);
    await npm.publish({ version: '3.0.0' });
    expect(names((await npm.packument()).versions)).toEqual(['1.0.0', '2.0.0', '3.0.0']);
    expect(npm.errors).toEqual([
      {
        message: 'metadata of a version not readable',
        ...{ project: npm.tools.id, format: 'npm', package: '@acme/tool', version: '1.1.0', layout: 1 },
      },
    ]);
  });

  test('can be downloaded, since its bytes are intact', async () => {
    const tarball = await npm.send('GET', `${npm.base}${TOOL}/-/tool-1.1.0.tgz`);
    expect(tarball.status).toBe(200);
    expect(npm.errors).toEqual([]);
  });

  test('is skipped when versions change', async () => {
    const seen = await npm.packument();
    const changed = {
      ...seen,
      versions: Object.fromEntries(
        ['1.0.0', '1.1.0'].map((version) => [
          version,
          { ...seen.versions['1.0.0'], version, deprecated: 'old' },
        ]),
      ),
    };
    const answer = await npm.put(`${npm.base}${TOOL}`, changed, {
      headers: { 'npm-command': 'deprecate' },
    });
    expect(answer.status).toBe(200);
    expect((await npm.packument()).versions['1.0.0']?.deprecated).toBe('old');
  });

  test('is not replaced in a group by the same version of another project', async () => {
    const other = await npm.project('zz-other');
    await npm.publish({ version: '1.1.0', to: other });
    const group = '/api/v4/groups/acme/-/packages/npm';
    expect(names((await npm.packument('@acme/tool', group)).versions)).toEqual(['1.0.0', '2.0.0']);
  });
});

test('metadata of a later release keeps its unknown fields when it is changed', async () => {
  await npm.publish({ version: '1.0.0' });
  const key = keys.version(
    { projectId: npm.tools.id, format: 'npm', name: named.package('@acme/tool') },
    named.version('1.0.0'),
  );
  const stored = (await npm.registry.table.get(key))?.metadata as object;
  await damage('1.0.0', { ...stored, addedLater: ['kept'] });
  const seen = await npm.packument();
  const versions = { '1.0.0': { ...seen.versions['1.0.0'], deprecated: 'old' } };
  await npm.put(`${npm.base}${TOOL}`, { ...seen, versions }, { headers: { 'npm-command': 'deprecate' } });
  expect((await npm.registry.table.get(key))?.metadata).toMatchObject({
    deprecated: 'old',
    addedLater: ['kept'],
  });
});
