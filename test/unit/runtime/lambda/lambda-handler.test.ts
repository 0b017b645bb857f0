import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RegistryError } from '../../../../services/domain/errors.ts';
import type { App } from '../../../../services/http/call.ts';
import { lambdaHandler } from '../../../../services/runtime/lambda/lambda-handler.ts';
import { logger, metrics } from '../../../../services/runtime/lambda/logging.ts';
import { type Gateway, startGateway } from '../../../kit/gateway-simulator.ts';

let gateway: Gateway | undefined;

beforeEach(() => {
  vi.spyOn(logger, 'error').mockReturnValue();
  vi.spyOn(metrics, 'publishStoredMetrics').mockReturnThis();
});

afterEach(async () => {
  await gateway?.stop();
  vi.restoreAllMocks();
});

async function serve(app: App): Promise<string> {
  gateway = await startGateway({ handler: lambdaHandler(app, 'https://registry.example') });
  return gateway.url;
}

describe('an app behind the gateway', () => {
  it('gets the same request as on any other host', async () => {
    const url = await serve(async (request, host) => {
      const body = await request.text();
      return Response.json({ method: request.method, url: request.url, body, host });
    });
    const answer = await fetch(`${url}/a%2Fb/@s?q=%2B`, { method: 'PUT', body: new Uint8Array([97]) });
    expect(await answer.json()).toEqual({
      method: 'PUT',
      url: 'https://registry.example/a/b/@s?q=%2B',
      body: 'a',
      host: { clientAddress: '127.0.0.1', requestId: expect.any(String), path: '/a/b/@s' },
    });
  });

  it('sends its challenge to the client', async () => {
    const headers = { 'www-authenticate': 'Basic realm="r"' };
    const url = await serve(async () => new Response('', { status: 401, headers }));
    expect((await fetch(url)).headers.get('www-authenticate')).toBe('Basic realm="r"');
  });

  it('answers an unexpected error with 500 without details, and logs it', async () => {
    const url = await serve(async () => {
      throw new RegistryError('storageUnavailable');
    });
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([500, '{"message":"500 Internal Server Error"}']);
    expect(logger.error).toHaveBeenCalledOnce();
  });
});
