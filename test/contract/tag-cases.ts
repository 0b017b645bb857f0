import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memoryTable } from '../../services/adapters/memory/memory-table.ts';
import { sweep } from '../../services/jobs/sweep.ts';
import { checkStorage } from '../../services/registry/maintenance/check/check-storage.ts';
import { keys } from '../../services/registry/records/keys.ts';
import { digestOf, manifest, repositoryClient, types } from '../kit/container-registry.ts';
import { type CountedTable, countReads } from '../kit/count-reads.ts';
import { named } from '../kit/names.ts';
import { diesAfter } from '../kit/racing-writes.ts';
import { startApp, type TestApp } from '../kit/start-app.ts';
import type { OpenedStores } from './publish-cases.ts';

const DAY = 24 * 3600 * 1000;

/** Repositories of images with many tags, and many clients, on the stores that `open` returns. */
export function describeTags(
  name: string,
  open: () => Promise<OpenedStores>,
  { many }: { readonly many: number },
): void {
  describe(`a repository of images on ${name}`, () => {
    let app: TestApp;
    let close: () => Promise<void>;
    let counted: CountedTable;
    let repository: ReturnType<typeof repositoryClient>;
    beforeEach(async () => {
      const opened = await open();
      close = opened.close;
      counted = countReads(opened.stores.table ?? memoryTable());
      app = await startApp({ ...opened, stores: { ...opened.stores, table: counted.table } });
      await app.project('tools');
      repository = repositoryClient(app, 'acme/tools/app');
    });
    afterEach(() => close());

    const expectSound = async () =>
      expect((await checkStorage(app.registry, { verify: true, concurrency: 2 })).problems).toEqual([]);

    const index = (content: string) => manifest({ manifests: [], annotations: { content } }, types.index);

    test('reads the same to list a page, pull, push and delete, however many tags it has', async () => {
      const first = index('first');
      await repository.putManifest(first, 'first');
      const costs = async (tag: string) => {
        const all: number[] = [];
        for (const request of [
          () => repository.get('/tags/list?n=20'),
          () => repository.get('/manifests/first'),
          () => repository.putManifest(index(tag), tag),
          () => repository.putManifest(first, `${tag}-2`),
          () => repository.delete(`/manifests/${tag}-2`),
          () => repository.delete(`/manifests/${index(tag).digest}`),
        ]) {
          counted.take();
          expect((await request()).status).toBeLessThan(300);
          all.push(counted.take());
        }
        return all;
      };
      for (let n = 0; n < 20; n++) await repository.putManifest(first, `tag-${n}`);
      const few = await costs('x');
      const project = await app.registry.table.get(keys.route('acme/tools' as never));
      const ref = { projectId: Number(project?.id), format: 'container', name: named.package('app') };
      for (let start = 0; start < many; start += 50) {
        await app.registry.table.write(
          Array.from({ length: 50 }, (_, n) => {
            const tag = named.tag(`many-${start + n}`);
            return [
              { put: { ...keys.tag(ref, tag), tag, version: first.digest, createdAt: 0, updatedAt: 0 } },
              { put: { ...keys.tagged(ref, named.version(first.digest), tag), tag } },
            ];
          }).flat(),
        );
      }
      expect(await costs('y')).toEqual(few);
    });

    test('loses nothing while clients push and delete tags at once', async () => {
      const kept = new Map<string, string>();
      await Promise.all(
        Array.from({ length: 25 }, async (_, client) => {
          for (let round = 0; round < 4; round++) {
            const image = await repository.pushImage(`c${client}-${round}`, ['shared', `own ${client}`]);
            if (round % 2 === 0) await repository.delete(`/manifests/c${client}-${round}`);
            else kept.set(`c${client}-${round}`, image.digest);
          }
        }),
      );
      expect(await repository.tags()).toEqual([...kept.keys()].sort());
      for (const [tag, digest] of kept) {
        const head = await repository.head(`/manifests/${tag}`);
        expect([tag, head.headers.get('docker-content-digest')]).toEqual([tag, digest]);
      }
      await expectSound();
    });

    test('moves one tag to one of the images that are pushed to it at once, and collects the others', async () => {
      const images = Array.from({ length: 8 }, (_, n) => index(`image ${n}`));
      const answers = await Promise.all(images.map((each) => repository.putManifest(each, 'latest')));
      expect(answers.map(({ status }) => status)).toEqual(images.map(() => 201));
      const latest = (await repository.head('/manifests/latest')).headers.get('docker-content-digest');
      for (let day = 0; day < 12; day++) {
        app.clock.advance(DAY);
        await sweep(app.registry);
      }
      for (const { digest } of images) {
        expect([digest, (await repository.head(`/manifests/${digest}`)).status]).toEqual([
          digest,
          digest === latest ? 200 : 404,
        ]);
      }
      await expectSound();
    });

    test('keeps a blob that is deleted and used by a push at the same moment, or refuses the push', async () => {
      for (let round = 0; round < 12; round++) {
        const layer = `layer ${round}`;
        await repository.pushBlob(layer);
        const config = { mediaType: types.config, digest: digestOf(layer), size: layer.length };
        const image = manifest({ config, layers: [] });
        const [pushed, deleted] = await Promise.all([
          repository.putManifest(image, `r${round}`),
          repository.delete(`/blobs/${digestOf(layer)}`),
        ]);
        const statuses = [pushed.status, deleted.status];
        const served = (await repository.get(`/blobs/${digestOf(layer)}`)).status;
        // Either the push was first, or the deletion.
        expect([
          [201, 409, 200],
          [400, 202, 404],
        ]).toContainEqual([...statuses, served]);
      }
      await expectSound();
    });

    test('is pushed again after the process was killed after any write, and then lacks nothing', async () => {
      const layers = Array.from({ length: 40 }, (_, n) => `layer ${n}`);
      for (let writes = 0; writes < 100; writes++) {
        const dying = diesAfter(app.registry, writes);
        const killed = repositoryClient(
          { ...app, send: app.sendTo(dying) } as TestApp,
          `acme/tools/killed-${writes}`,
        );
        const done = await killed.pushImage('1.0', layers).then(
          () => true,
          () => false,
        );
        if (writes % 10 !== 0 && !done) continue;
        const again = repositoryClient(app, `acme/tools/killed-${writes}`);
        const image = await again.pushImage('1.0', layers);
        expect(await (await again.get('/manifests/1.0')).text()).toBe(image.text);
        for (const layer of layers) expect((await again.head(`/blobs/${digestOf(layer)}`)).status).toBe(200);
        if (done) break;
      }
      for (let day = 0; day < 4; day++) {
        app.clock.advance(DAY);
        await sweep(app.registry);
      }
      await expectSound();
    });
  });
}
