import { beforeEach, describe, expect, test } from 'vitest';
import {
  codesIn,
  descriptor,
  digestOf,
  type Manifest,
  manifest,
  repositoryClient,
  types,
} from '../../kit/container-registry.ts';
import { eventsOf } from '../../kit/events.ts';
import { startApp, type TestApp } from '../../kit/start-app.ts';

let app: TestApp;
let repository: ReturnType<typeof repositoryClient>;
beforeEach(async () => {
  app = await startApp();
  await app.project('tools');
  repository = repositoryClient(app, 'acme/tools/app');
});

const emptyIndex = (fields: object = {}) => manifest({ manifests: [], ...fields }, types.index);

describe('a manifest', () => {
  test('is served by its tag and its digest byte for byte, with its type and digest', async () => {
    const image = await repository.pushImage('1.0');
    for (const reference of ['1.0', image.digest]) {
      const answer = await repository.get(`/manifests/${reference}`);
      expect([reference, answer.status, await answer.text()]).toEqual([reference, 200, image.text]);
      expect(answer.headers.get('content-type')).toBe(types.image);
      expect(answer.headers.get('docker-content-digest')).toBe(image.digest);
      expect(answer.headers.get('etag')).toBe(`"${image.digest.slice('sha256:'.length)}"`);
      const head = await repository.head(`/manifests/${reference}`);
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(image.text.length)]);
      expect(head.headers.get('docker-content-digest')).toBe(image.digest);
    }
    expect(app.errors).toEqual([]);
  });

  test('keeps white space, unknown fields and the order of fields', async () => {
    const text = `{ "manifests" : [],\n\t"x-unknown": {"ü": [1e2]}, "schemaVersion":2 }\n`;
    const odd: Manifest = { text, digest: digestOf(text), type: types.index };
    expect((await repository.putManifest(odd, 'odd')).status).toBe(201);
    expect(await (await repository.get('/manifests/odd')).text()).toBe(text);
  });

  test('is pushed by its digest, with tags as parameters', async () => {
    const index = emptyIndex();
    const answer = await repository.putManifest(index, `${index.digest}?tag=a&tag=b`);
    expect([answer.status, answer.headers.get('oci-tag')]).toEqual([201, 'a, b']);
    expect(answer.headers.get('location')).toBe(`/v2/acme/tools/app/manifests/${index.digest}`);
    expect(await repository.tags()).toEqual(['a', 'b']);
    const long = digestOf(index.text, 'sha512');
    expect((await repository.putManifest(index, long)).status).toBe(201);
    expect((await repository.get(`/manifests/${long}`)).headers.get('docker-content-digest')).toBe(long);
  });

  test('is refused if it has another digest than its address', async () => {
    const answer = await repository.putManifest(emptyIndex(), digestOf('another'));
    expect([answer.status, await codesIn(answer)]).toEqual([400, ['DIGEST_INVALID']]);
    expect((await repository.putManifest(emptyIndex(), 'sha256:zz')).status).toBe(400);
    expect((await app.registry.blobs.list()).blobs).toEqual([]);
  });

  test.each([
    ['no JSON', '{', types.index],
    ['no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), types.index],
    ['a type that differs', JSON.stringify({ mediaType: types.image, manifests: [] }), types.index],
    ['neither a type nor a Content-Type', '{"manifests":[]}', 'application/json'],
    ['a malformed digest', JSON.stringify({ layers: [{ digest: 'sha1:a', size: 1 }] }), types.image],
    ['a negative size', JSON.stringify({ layers: [{ digest: digestOf(''), size: -1 }] }), types.image],
    ['schema version 1', '{"schemaVersion":1}', 'application/vnd.docker.distribution.manifest.v1+json'],
    [
      'a digest that is both a blob and a manifest',
      JSON.stringify({ layers: [descriptor('x', types.layer)], manifests: [descriptor('x', types.image)] }),
      'application/vnd.example+json',
    ],
    ['annotations that are no texts', '{"annotations":{"a":1}}', types.image],
    ['100,001 values', `{"layers":[${'{},'.repeat(100_000)}{}]}`, types.image],
  ])('is refused with %s', async (_, text, type) => {
    const body = text as string;
    const answer = await repository.putManifest({ text: body, digest: '', type }, 'bad');
    expect([answer.status, await codesIn(answer)]).toEqual([400, ['MANIFEST_INVALID']]);
    expect(await repository.tags()).toEqual([]);
    expect(app.errors).toEqual([]);
  });

  test('may have null for what it leaves empty, as clients written in Go send it', async () => {
    await repository.pushBlob('config');
    const config = { ...descriptor('config', types.config), urls: null, platform: {} };
    const image = manifest({
      ...{ config, layers: null, blobs: null, manifests: null, subject: null },
      ...{ annotations: null, artifactType: null },
    });
    expect((await repository.putManifest(image, '1.0')).status).toBe(201);
    expect(await (await repository.get('/manifests/1.0')).text()).toBe(image.text);
  });

  test('has at most 4 MiB', async () => {
    const filled = (size: number) => emptyIndex({ annotations: { filler: 'a'.repeat(size) } });
    const room = 4 * 1024 * 1024 - emptyIndex({ annotations: { filler: '' } }).text.length;
    expect((await repository.putManifest(filled(room), 'full')).status).toBe(201);
    const answer = await repository.putManifest(filled(room + 1), 'more');
    expect([answer.status, await codesIn(answer)]).toEqual([413, ['SIZE_INVALID']]);
  });

  test('is refused if a blob or manifest that it names was not pushed', async () => {
    const config = descriptor('config', types.config);
    await repository.pushBlob('config');
    const image = manifest({ config, layers: [descriptor('missing', types.layer)] });
    const answer = await repository.putManifest(image, '1.0');
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      errors: [{ code: 'MANIFEST_BLOB_UNKNOWN', detail: { digests: [digestOf('missing')] } }],
    });
    const index = emptyIndex({ manifests: [descriptor(image.text, types.image)] });
    expect(await codesIn(await repository.putManifest(index, 'all'))).toEqual(['MANIFEST_BLOB_UNKNOWN']);
    const foreign = {
      ...descriptor('x', types.layer.replace('layer.', 'layer.nondistributable.')),
      urls: ['https://x'],
    };
    expect((await repository.putManifest(manifest({ config, layers: [foreign] }), 'foreign')).status).toBe(
      201,
    );
  });

  test('may use what another repository of the project has, and nothing of other projects', async () => {
    await app.project('secret');
    await repositoryClient(app, 'acme/tools/base').pushBlob('shared');
    await repositoryClient(app, 'acme/secret').pushBlob('hidden');
    expect((await repository.head(`/blobs/${digestOf('shared')}`)).status).toBe(200);
    expect((await repository.head(`/blobs/${digestOf('hidden')}`)).status).toBe(404);
    const imageOf = (content: string) => manifest({ config: descriptor(content, types.config), layers: [] });
    expect((await repository.putManifest(imageOf('shared'), 'ok')).status).toBe(201);
    expect((await repository.putManifest(imageOf('hidden'), 'no')).status).toBe(400);
  });

  test('of more blobs than one transaction has room for is published whole', async () => {
    const layers = Array.from({ length: 130 }, (_, n) => `layer ${n}`);
    const image = await repository.pushImage('large', layers);
    expect(await (await repository.get('/manifests/large')).text()).toBe(image.text);
    expect((await repository.delete(`/blobs/${digestOf('layer 77')}`)).status).toBe(409);
  });

  test('that is pushed again only moves its tags', async () => {
    const image = await repository.pushImage('1.0');
    const revision = async () => (await eventsOf(app.registry.table, 'container')).length;
    const before = await revision();
    expect((await repository.putManifest(image, '1.0')).status).toBe(201);
    expect(await revision()).toBe(before);
    expect((await repository.putManifest(image, '1.1')).status).toBe(201);
    expect(await repository.tags()).toEqual(['1.0', '1.1']);
    await repository.pushImage('1.0', ['another layer']);
    expect((await repository.head('/manifests/1.0')).headers.get('docker-content-digest')).not.toBe(
      image.digest,
    );
    expect((await repository.head(`/manifests/${image.digest}`)).status).toBe(200);
  });

  test('is deleted with its tags by its digest, and stays if only its tag is deleted', async () => {
    const image = await repository.pushImage('1.0');
    await repository.putManifest(image, 'latest');
    expect((await repository.delete('/manifests/1.0')).status).toBe(202);
    expect(await repository.tags()).toEqual(['latest']);
    expect((await repository.get('/manifests/latest')).status).toBe(200);
    expect((await repository.delete(`/manifests/${image.digest}`)).status).toBe(202);
    expect(await repository.tags()).toEqual([]);
    for (const reference of ['1.0', 'latest', image.digest]) {
      const answer = await repository.get(`/manifests/${reference}`);
      expect([reference, answer.status]).toEqual([reference, 404]);
      expect((await repository.delete(`/manifests/${reference}`)).status).toBe(404);
    }
  });

  test('can not be deleted while an index uses it', async () => {
    const image = await repository.pushImage('1.0');
    const index = emptyIndex({ manifests: [descriptor(image.text, types.image)] });
    expect((await repository.putManifest(index, 'all')).status).toBe(201);
    const refused = await repository.delete(`/manifests/${image.digest}`);
    expect([refused.status, await codesIn(refused)]).toEqual([409, ['DENIED']]);
    await repository.delete(`/manifests/${index.digest}`);
    expect((await repository.delete(`/manifests/${image.digest}`)).status).toBe(202);
  });
});

describe('tags', () => {
  test('are listed in order, page by page', async () => {
    const names = ['B', 'a', 'b', 'c', '_x', '1.0', '10', '2'];
    const index = emptyIndex();
    for (const name of names) await repository.putManifest(index, name);
    const sorted = names.toSorted();
    const all = await repository.get('/tags/list');
    expect(await all.json()).toEqual({ name: 'acme/tools/app', tags: sorted });
    expect(all.headers.get('link')).toBeNull();
    const seen: string[] = [];
    let path: string | undefined = `${repository.base}/tags/list?n=3`;
    while (path) {
      const page: Response = await repository.send('GET', path);
      seen.push(...((await page.json()) as { tags: string[] }).tags);
      path = /<(.*)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual(sorted);
    expect(await repository.tags('?last=1.0')).toEqual(sorted.slice(sorted.indexOf('1.0') + 1));
    expect(await repository.tags('?n=0')).toEqual([]);
    expect((await repository.get('/tags/list?n=x')).status).toBe(400);
    expect(await repository.tags(`?last=${'z'.repeat(2000)}`)).toEqual([]);
  });

  test('of a repository without manifests are an empty list', async () => {
    expect(await repository.tags()).toEqual([]);
  });
});

describe('referrers', () => {
  test('are listed with their types and annotations, filtered and page by page, before their subject exists', async () => {
    const image = manifest({ config: descriptor('{}', types.config), layers: [] });
    const subject = descriptor(image.text, types.image);
    await repository.pushBlob('{}');
    const signatures = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => {
        const type = name === 'c' ? 'text/sbom' : 'text/signature';
        const made = manifest({
          ...{ artifactType: type, subject, annotations: { name } },
          ...{ config: descriptor('{}', 'application/vnd.oci.empty.v1+json'), layers: [] },
        });
        const answer = await repository.putManifest(made, made.digest);
        expect([answer.status, answer.headers.get('oci-subject')]).toEqual([201, image.digest]);
        return {
          mediaType: types.image,
          digest: made.digest,
          size: made.text.length,
          artifactType: type,
          annotations: { name },
        };
      }),
    );
    const sorted = signatures.toSorted((one, other) => (one.digest < other.digest ? -1 : 1));
    const listed = async (query = '') => {
      const answer = await repository.get(`/referrers/${image.digest}${query}`);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, types.index]);
      const { manifests } = (await answer.json()) as { manifests: { digest: string }[] };
      return { manifests, headers: answer.headers };
    };
    expect((await listed()).manifests).toEqual(sorted);
    const filtered = await listed('?artifactType=text/sbom');
    expect(filtered.manifests.map(({ digest }) => digest)).toEqual([signatures[2]?.digest]);
    expect(filtered.headers.get('oci-filters-applied')).toBe('artifactType');
    const first = await listed('?n=2');
    const next = /<(.*)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    const second = (await (await repository.send('GET', next)).json()) as { manifests: object[] };
    expect([...first.manifests, ...second.manifests]).toEqual(sorted);
    await repository.putManifest(image, '1.0');
    await repository.delete(`/manifests/${sorted[0]?.digest}`);
    expect((await listed()).manifests).toEqual(sorted.slice(1));
    expect((await repository.get('/referrers/sha256:1')).status).toBe(400);
    expect((await listed('')).manifests).toHaveLength(2);
  });
});
