import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openS3 } from '../../../services/adapters/aws/open-s3.ts';
import { StoreUnavailable } from '../../../services/ports/store-unavailable.ts';

let server: Server;
let requests = 0;
beforeEach(async () => {
  requests = 0;
  // An error response that never ends.
  server = createServer((_request, answer) => {
    requests++;
    answer.writeHead(500, { 'content-length': '1000' });
    answer.write('<Error>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'OWN');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
});

test('a request to a store that stalls during an error response is retried, then fails', async () => {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { blobs, close } = openS3({
    bucket: 'packages',
    endpoint,
    pathStyle: true,
    timeouts: { idleTimeout: 100, attempts: 2 },
  });
  await expect(blobs.get('blobs/0a/0a11')).rejects.toThrow(StoreUnavailable);
  expect(requests).toBe(2);
  close();
});
