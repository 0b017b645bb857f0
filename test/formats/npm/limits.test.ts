import { beforeEach, describe, expect, test } from 'vitest';
import { npmPackage } from '../../kit/npm-package.ts';
import { errorOf, type NpmApp, startNpm } from '../../kit/npm-registry.ts';
import { URL_BASE } from '../../kit/start-app.ts';

let npm: NpmApp;
beforeEach(async () => {
  npm = await startNpm();
});

/** Sends a document that never ends; returns the answer, and how many of its members were read. */
async function putEndless(start: string, member: (index: number) => string) {
  let read = 0;
  async function* body() {
    yield Buffer.from(start);
    for (; read < 1000; read++) {
      const members = Array.from({ length: 1000 }, (_, index) => member(1000 * read + index));
      yield Buffer.from(`${members.join()},`);
    }
  }
  const headers = { authorization: `Bearer ${npm.rootToken}`, 'content-type': 'application/json' };
  const request = new Request(`${URL_BASE}${npm.base}/@acme%2ftool`, { method: 'PUT', headers });
  const response = await npm.app(request, { body });
  return { status: response.status, error: await errorOf(response), read };
}

describe('a document', () => {
  test.for([
    ['versions', (index: number) => `"1.0.${index}":{"name":"@acme/tool","version":"1.0.${index}"}`, 21],
    ['dist-tags', (index: number) => `"t${index}":"1.0.0"`, 11],
    ['_attachments', (index: number) => `"a${index}.sigstore":{"data":"{}"}`, 1],
  ] as const)('is read only up to the limit of its %s', async ([key, member, most]) => {
    const { status, error, read } = await putEndless(`{"name":"@acme/tool","${key}":{`, member);
    expect([status, error]).toEqual([413, expect.stringContaining(`"${key}" has more than`)]);
    expect(read).toBeLessThanOrEqual(most);
  });

  test('may not have more than 1,000 tags when it has a tarball', async () => {
    const { document, path } = await npmPackage();
    const tags = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`t${n}`, '0.1.0']));
    const put = (count: number) =>
      npm.put(npm.base + path, { ...document, 'dist-tags': { ...tags(count), latest: '1.0.0' } });
    const refused = await put(1000);
    expect([refused.status, await errorOf(refused)]).toEqual([
      400,
      expect.stringContaining('At most 1000 tags'),
    ]);
    expect((await put(999)).status).toBe(200);
  });
});
