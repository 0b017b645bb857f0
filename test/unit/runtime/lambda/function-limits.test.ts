import { describe, expect, test } from 'vitest';
import { functionBodyLimit } from '../../../../services/runtime/lambda/function-limits.ts';
import { startGateway } from '../../../kit/gateway-simulator.ts';

const url = 'https://packages.example.com';

describe('the upload limit of functions', () => {
  test('has a hint that names the setting to lift it', () => {
    expect(functionBodyLimit({ ingest: false, url }).hint).toContain('stage setting `ingest`');
  });

  test('has a hint with the address that has no limit if there is an ingest service', () => {
    const { hint } = functionBodyLimit({ ingest: true, url });
    expect(hint).toContain(`to ${url}`);
    expect(hint).not.toContain('setting');
  });

  test('is the largest binary body that a gateway passes to a function', async () => {
    const { bytes } = functionBodyLimit({ ingest: false, url });
    let seen = 0;
    const gateway = await startGateway({
      handler: (event: { body?: string }) => {
        seen = Buffer.from(event.body ?? '', 'base64').byteLength;
        return { statusCode: 204 };
      },
    });
    const put = async (size: number) =>
      (await fetch(gateway.url, { method: 'PUT', body: Buffer.alloc(size) })).status;
    expect(await put(bytes)).toBe(413);
    const most = bytes - 10_000;
    expect([await put(most), seen]).toEqual([204, most]);
    await gateway.stop();
  });
});
