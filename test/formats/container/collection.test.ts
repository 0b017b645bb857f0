import { beforeEach, describe, expect, test } from 'vitest';
import { sweep } from '../../../services/jobs/sweep.ts';
import { checkStorage } from '../../../services/registry/maintenance/check/check-storage.ts';
import { descriptor, digestOf, manifest, repositoryClient, types } from '../../kit/container-registry.ts';
import { startApp, type TestApp } from '../../kit/start-app.ts';

const DAY = 24 * 3600 * 1000;

let app: TestApp;
let repository: ReturnType<typeof repositoryClient>;
beforeEach(async () => {
  app = await startApp({ settings: { untaggedRetention: 7 * DAY, blobGrace: DAY } });
  await app.project('tools');
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
