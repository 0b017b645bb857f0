import { beforeEach, describe, expect, test } from 'vitest';
import type { Project } from '../../../services/domain/accounts.ts';
import { sweep } from '../../../services/jobs/sweep.ts';
import { checkStorage } from '../../../services/registry/maintenance/check/check-storage.ts';
import { keys } from '../../../services/registry/records/keys.ts';
import { descriptor, digestOf, manifest, repositoryClient, types } from '../../kit/container-registry.ts';
import { named } from '../../kit/names.ts';
import { diesAfter } from '../../kit/racing-writes.ts';
import { startApp, type TestApp } from '../../kit/start-app.ts';

const DAY = 24 * 3600 * 1000;

let app: TestApp;
let project: Project;
let repository: ReturnType<typeof repositoryClient>;
beforeEach(async () => {
  app = await startApp({ settings: { untaggedRetention: 7 * DAY, blobGrace: DAY } });
  project = await app.project('tools');
  repository = repositoryClient(app, 'acme/tools/app');
});

async function passDays(days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    app.clock.advance(DAY + 1000);
    await sweep(app.registry);
  }
  expect((await checkStorage(app.registry, { verify: true, concurrency: 2 })).problems).toEqual([]);
}

const has = async (digest: string, kind = 'manifests') =>
  (await repository.head(`/${kind}/${digest}`)).status === 200;
const stored = async () => (await app.registry.blobs.list()).blobs.length;

describe('collection', () => {
  test('keeps what is tagged and what tagged images use', async () => {
    const image = await repository.pushImage('1.0', ['a', 'b']);
    const index = manifest({ manifests: [descriptor(image.text, types.image)] }, types.index);
    await repository.putManifest(index, 'all');
    await repository.delete('/manifests/1.0');
    const before = await stored();
    await passDays(20);
    expect([await has(image.digest), await has('all'), await has(digestOf('b'), 'blobs')]).toEqual([
      true,
      true,
      true,
    ]);
    expect(await stored()).toBe(before);
    await repository.delete('/manifests/all');
    await passDays(20);
    expect([await has(index.digest), await has(image.digest), await stored()]).toEqual([false, false, 0]);
  });

  test('removes blobs a day after their upload if no image uses them', async () => {
    await repository.pushBlob('unused');
    await passDays(1);
    expect(await has(digestOf('unused'), 'blobs')).toBe(false);
    await passDays(2);
    expect(await stored()).toBe(0);
  });

  test('removes images a week after their last tag, together with what describes them', async () => {
    const image = await repository.pushImage('1.0');
    await repository.pushBlob('{}');
    const signature = manifest({
      ...{ subject: descriptor(image.text, types.image), artifactType: 'text/signature' },
      ...{ config: descriptor('{}', 'application/vnd.oci.empty.v1+json'), layers: [] },
    });
    await repository.putManifest(signature, signature.digest);
    await passDays(10);
    expect(await has(signature.digest)).toBe(true);
    await repository.pushImage('1.0', ['newer']);
    await passDays(5);
    expect(await has(image.digest)).toBe(true);
    await passDays(10);
    expect([await has(image.digest), await has(signature.digest), await has('1.0')]).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('starts over for an image that is tagged again', async () => {
    const image = await repository.pushImage('1.0');
    await repository.delete('/manifests/1.0');
    await passDays(6);
    await repository.putManifest(image, '1.0');
    await passDays(3);
    await repository.delete('/manifests/1.0');
    await passDays(6);
    expect(await has(image.digest)).toBe(true);
    await passDays(3);
    expect(await has(image.digest)).toBe(false);
  });

  test('starts over for an image that is pushed again by its digest', async () => {
    const image = await repository.pushImage('1.0');
    await repository.delete('/manifests/1.0');
    await passDays(6);
    expect((await repository.putManifest(image, image.digest)).status).toBe(201);
    await passDays(5);
    expect(await has(image.digest)).toBe(true);
    await passDays(3);
    expect(await has(image.digest)).toBe(false);
  });

  test('keeps an image for its week if its bytes are pushed as a blob as well', async () => {
    const image = await repository.pushImage('1.0');
    await repository.delete('/manifests/1.0');
    await repository.pushBlob(image.text);
    await passDays(3);
    expect([await has(image.digest), await has(image.digest, 'blobs')]).toEqual([true, false]);
    await passDays(6);
    expect([await has(image.digest), await stored()]).toEqual([false, 0]);
  });

  test('forgets what an index was to use whose push broke off', async () => {
    const parts = [];
    for (let n = 0; n < 30; n++) parts.push(await repository.pushImage(`part-${n}`, [`layer ${n}`]));
    const index = manifest(
      { manifests: parts.map(({ text }) => descriptor(text, types.image)) },
      types.index,
    );
    const dying = repositoryClient(
      { ...app, send: app.sendTo(diesAfter(app.registry, 2)) },
      'acme/tools/app',
    );
    expect((await dying.putManifest(index, 'all')).status).toBe(500);
    const head = keys.head({ projectId: project.id, format: 'container', name: named.package('app') });
    const uses = async () =>
      (await app.registry.table.query({ pk: head.pk, prefix: 'USE', limit: 200 })).items;
    const before = (await uses()).length;
    await passDays(1);
    // The list and the use of each part.
    expect((await uses()).length).toBe(before - 31);
    for (let n = 0; n < 30; n++) await repository.delete(`/manifests/part-${n}`);
    await passDays(20);
    expect(await uses()).toEqual([]);
    expect(await has(digestOf('layer 7'), 'blobs')).toBe(false);
  });

  test('goes on with a purge that broke off after any write', async () => {
    for (let writes = 1; writes < 12; writes++) {
      const image = await repository.pushImage('1.0', ['a', 'b']);
      const send = app.sendTo(diesAfter(app.registry, writes));
      await repositoryClient({ ...app, send }, 'acme/tools/app').delete(`/manifests/${image.digest}`);
      await passDays(12);
      expect([writes, await has(digestOf('a'), 'blobs')]).toEqual([writes, await has(image.digest)]);
      await repository.delete(`/manifests/${image.digest}`);
      await passDays(3);
      expect([writes, await stored()]).toEqual([writes, 0]);
    }
  });

  test('loses to a push that needs what is due', async () => {
    await repository.pushBlob('layer');
    app.clock.advance(DAY + 1000);
    const [, image] = await Promise.all([sweep(app.registry), repository.pushImage('1.0', ['layer'])]);
    await passDays(3);
    expect([await has('1.0'), await (await repository.get(`/blobs/${digestOf('layer')}`)).text()]).toEqual([
      true,
      'layer',
    ]);
    expect(await has(image.digest)).toBe(true);
  });

  test('removes everything of a deleted project', async () => {
    await repository.pushImage('1.0', ['a', 'b']);
    await repository.pushBlob('unused');
    await app.send('DELETE', '/api/v4/projects/acme%2Ftools', { token: app.rootToken });
    await passDays(3);
    expect(await stored()).toBe(0);
  });
});
