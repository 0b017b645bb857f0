import { get } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { RegistryError } from '../../../../services/domain/errors.ts';
import { newTrace } from '../../../../services/domain/request-trace.ts';
import { renderError } from '../../../../services/http/answer/render-error.ts';
import { type Listening, listen } from '../../../../services/runtime/server/node-server.ts';
import { startApp } from '../../../kit/start-app.ts';

let listening: Listening;
afterEach(() => listening.stop());

/** The status line that a client gets for an error if the format renders it with `reason`. */
async function statusLine(reason: string | undefined): Promise<[number | undefined, string | undefined]> {
  const { registry } = await startApp();
  const dialect = {
    challenge: () => 'Basic',
    renderError: (_error: RegistryError, status: number) => ({
      status,
      contentType: 'text/plain',
      body: 'why',
      ...(reason !== undefined && { reason }),
    }),
  };
  const call = { env: { registry, requestId: '1', trace: newTrace() } };
  const app = async () => renderError(call, new RegistryError('conflict'), dialect);
  listening = await listen(app, { host: '127.0.0.1', port: 0 });
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: listening.port, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve([response.statusCode, response.statusMessage]));
    }).on('error', reject);
  });
}

describe('the status line of an error', () => {
  test('has the reason that the format renders', async () => {
    expect(await statusLine('The file is damaged')).toEqual([409, 'The file is damaged']);
  });

  test('has the standard reason of the status if the format renders none', async () => {
    expect(await statusLine(undefined)).toEqual([409, 'Conflict']);
  });

  test('is one line of printable ASCII, whatever the reason contains', async () => {
    const [status, reason] = await statusLine(`a\r\nset-cookie: x=1\u0000\u00e9\u{1f600}${'b'.repeat(1000)}`);
    expect(status).toBe(409);
    expect(reason).toMatch(/^a set-cookie: x=1 b+$/);
    expect(reason).toHaveLength(300);
  });
});
