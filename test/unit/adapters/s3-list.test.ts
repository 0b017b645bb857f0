import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test, vi } from 'vitest';
import { openS3 } from '../../../services/adapters/aws/open-s3.ts';

const pages: Record<string, { readonly keys: readonly string[]; readonly more: boolean }> = {
  '': { keys: ['registry/', 'registry/.DS_Store'], more: true },
  'registry/.DS_Store': { keys: ['registry/blobs/', 'registry/blobs/0a/0a11'], more: true },
  'registry/blobs/0a/0a11': { keys: ['registry/blobs/0a/x y'], more: false },
};

test('foreign objects in a bucket are not listed, and no page is empty if more blobs follow', async () => {
  const server = createServer((request, answer) => {
    const after = new URL(request.url ?? '', 'http://s3').searchParams.get('start-after') ?? '';
    const { keys, more } = pages[after] ?? { keys: [], more: false };
    const contents = keys.map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`);
    answer.end(`<ListBucketResult><IsTruncated>${more}</IsTruncated>${contents.join('')}</ListBucketResult>`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'OWN');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { blobs, close } = openS3({ bucket: 'packages', prefix: 'registry/', endpoint, pathStyle: true });
  const first = await blobs.list();
  expect(first.blobs.map(({ key }) => key)).toEqual(['blobs/0a/0a11']);
  expect(first.more).toBe(true);
  expect(await blobs.list({ after: 'blobs/0a/0a11' })).toEqual({ blobs: [], more: false });
  close();
  server.close();
  vi.unstubAllEnvs();
});
