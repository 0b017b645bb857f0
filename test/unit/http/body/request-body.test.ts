import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type BodyContext, requestBody } from '../../../../services/http/body/request-body.ts';
import { createRegistry } from '../../../../services/runtime/compose.ts';
import { startApp, URL_BASE } from '../../../kit/start-app.ts';

const PATIENCE = 60_000;

interface Sender {
  readonly context: BodyContext;
  /** Hands over the next chunk, which has so many bytes. */
  send(bytes: number): void;
  end(): void;
  fail(error: Error): void;
  readonly cancelled: () => boolean;
}

/** A request whose body comes when the test says so. */
async function sender(headers: Record<string, string> = {}): Promise<Sender> {
  const { registry } = await startApp();
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
    cancel: () => {
      cancelled = true;
    },
  });
  const raw = new Request(URL_BASE, { method: 'PUT', headers, body, duplex: 'half' } as RequestInit);
  const patient = createRegistry(registry, { url: URL_BASE, bodyIdleTimeout: PATIENCE });
  return {
    context: { req: { raw }, env: { registry: patient, requestId: 'r' } },
    send: (bytes) => controller.enqueue(new Uint8Array(bytes)),
    end: () => controller.close(),
    fail: (error) => controller.error(error),
    cancelled: () => cancelled,
  };
}

const limit = { bytes: 1_000_000, hint: ' Ask your operator.' };

describe('a body', () => {
  test('that announces too much is refused before a byte is asked for', async () => {
    const { context, cancelled } = await sender({ 'content-length': '1000001' });
    await expect(requestBody(context, limit).next()).rejects.toThrow(
      'The file is larger than the limit of 1000000 bytes. Ask your operator.',
    );
    expect([context.req.raw.bodyUsed, cancelled()]).toEqual([false, false]);
  });

  test('that announces nothing is stopped at the limit', async () => {
    const { context, send, cancelled } = await sender();
    const body = requestBody(context, limit);
    send(1_000_000);
    expect((await body.next()).value?.byteLength).toBe(1_000_000);
    send(1);
    await expect(body.next()).rejects.toMatchObject({ code: 'bodyTooLarge' });
    expect(cancelled()).toBe(true);
  });

  test('that announces less than it has is stopped at the limit too', async () => {
    const { context, send } = await sender({ 'content-length': '10' });
    send(1_000_001);
    await expect(requestBody(context, limit).next()).rejects.toMatchObject({ code: 'bodyTooLarge' });
  });

  test('that may be more than the file in it is refused with the limit of the file', async () => {
    const { context } = await sender({ 'content-length': '1000001' });
    await expect(requestBody(context, { ...limit, statedBytes: 900_000 }).next()).rejects.toThrow(
      'The file is larger than the limit of 900000 bytes. Ask your operator.',
    );
  });

  test('that breaks off is an upload that ended early', async () => {
    const { context, send, fail } = await sender();
    const body = requestBody(context, limit);
    send(5);
    await body.next();
    fail(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
    await expect(body.next()).rejects.toThrow('The upload ended early');
  });

  test('that is not read to its end is let go', async () => {
    const { context, send, cancelled } = await sender();
    send(5);
    for await (const _chunk of requestBody(context, limit)) break;
    expect(cancelled()).toBe(true);
  });

  test('that is empty has no chunks', async () => {
    const { context, end } = await sender();
    end();
    expect(await requestBody(context, limit).next()).toEqual({ done: true, value: undefined });
  });
});

describe('a client that is waited for', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const stalled = {
    code: 'uploadStalled',
    message: 'Request Timeout - The upload stalled: less than 16384 bytes received in 60 seconds',
  };

  test('and sends nothing is given up', async () => {
    const { context, send, cancelled } = await sender();
    const body = requestBody(context, limit);
    send(100_000);
    await body.next();
    const late = expect(body.next()).rejects.toMatchObject(stalled);
    await vi.advanceTimersByTimeAsync(PATIENCE + 1);
    await late;
    expect(cancelled()).toBe(true);
  });

  test('and sends a byte now and again is given up as soon', async () => {
    const { context, send } = await sender();
    const body = requestBody(context, limit);
    for (let n = 0; n < 5; n++) {
      const next = body.next();
      await vi.advanceTimersByTimeAsync(PATIENCE / 6);
      send(1);
      await next;
    }
    const late = expect(body.next()).rejects.toMatchObject(stalled);
    await vi.advanceTimersByTimeAsync(PATIENCE / 6 + 1);
    await late;
  });

  test('and is slow but steady may take for ever', async () => {
    const { context, send } = await sender();
    const body = requestBody(context, { bytes: 10_000_000, hint: '' });
    for (let n = 0; n < 100; n++) {
      const next = body.next();
      await vi.advanceTimersByTimeAsync(PATIENCE * 0.9);
      send(20_000);
      expect((await next).value?.byteLength).toBe(20_000);
    }
  });

  test('is not blamed for the time in which we were busy', async () => {
    const { context, send } = await sender();
    const body = requestBody(context, limit);
    for (let n = 0; n < 5; n++) {
      send(10);
      expect((await body.next()).value?.byteLength).toBe(10);
      await vi.advanceTimersByTimeAsync(PATIENCE * 2);
    }
  });
});
