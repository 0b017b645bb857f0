import { describe, expect, test } from 'vitest';
import { functionBodyLimit } from '../../../../services/runtime/lambda/function-limits.ts';
import { startGateway } from '../../../kit/gateway-simulator.ts';

const url = 'https://packages.example.com';

describe('the limit of uploads on functions', () => {
  test('names the setting that lifts it', () => {
    expect(functionBodyLimit({ ingest: false, url }).hint).toContain('stage setting `ingest`');
  });

  test('names the address without a limit if there is an ingest service', () => {
    const { hint } = functionBodyLimit({ ingest: true, url });
    expect(hint).toContain(`to ${url}`);
    expect(hint).not.toContain('setting');
  });

  test('is the most that a gateway can hand on of bytes that are no text', async () => {
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
