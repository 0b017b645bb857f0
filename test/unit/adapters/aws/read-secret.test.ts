import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readSecret } from '../../../../services/adapters/aws/read-secret.ts';
import { StoreUnavailable } from '../../../../services/ports/store-unavailable.ts';

let server: Server;
let answer: { status: number; body: object };
let requests: number;
beforeEach(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'OWN');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'x');
  vi.stubEnv('AWS_PROFILE', undefined);
  requests = 0;
  server = createServer((_request, response) => {
    requests++;
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  vi.unstubAllEnvs();
  server.close();
});

function read(): Promise<string> {
  const { port } = server.address() as AddressInfo;
  return readSecret('seal', { region: 'eu-central-1', endpoint: `http://127.0.0.1:${port}` });
}

test('a secret is read as text', async () => {
  answer = { status: 200, body: { SecretString: 'text' } };
  expect(await read()).toBe('text');
});

test.each([
  [400, 'ThrottlingException'],
  [500, 'InternalServiceError'],
])('reading a secret is tried again, then fails as an outage: %d %s', async (status, type) => {
  answer = { status, body: { __type: type } };
  await expect(read()).rejects.toThrow(StoreUnavailable);
  expect(requests).toBeGreaterThan(1);
});

test('a missing secret is no outage', async () => {
  answer = { status: 400, body: { __type: 'ResourceNotFoundException' } };
  await expect(read()).rejects.toThrow(expect.objectContaining({ name: 'ResourceNotFoundException' }));
  expect(requests).toBe(1);
});
