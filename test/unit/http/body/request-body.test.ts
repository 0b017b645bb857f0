import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { newTrace } from '../../../../services/domain/request-trace.ts';
import { type BodyContext, requestBody } from '../../../../services/http/body/request-body.ts';
import { createRegistry } from '../../../../services/runtime/compose.ts';
import { startApp, URL_BASE } from '../../../kit/start-app.ts';

const TIMEOUT = 60_000;

interface Sender {
  readonly context: BodyContext;
  /** Sends a chunk of this many bytes. */
  send(bytes: number): void;
  end(): void;
  fail(error: Error): void;
  readonly cancelled: () => boolean;
}

/** A request whose body the test sends chunk by chunk. */
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
  const configured = createRegistry(registry, { url: URL_BASE, bodyIdleTimeout: TIMEOUT });
  return {
    context: { req: { raw }, env: { registry: configured, requestId: 'r', trace: newTrace() } },
    send: (bytes) => controller.enqueue(new Uint8Array(bytes)),
    end: () => controller.close(),
    fail: (error) => controller.error(error),
    cancelled: () => cancelled,
  };
}

const limit = { bytes: 1_000_000, hint: ' Ask your operator.' };

describe('a request body', () => {
  test('is refused before it is read if its Content-Length exceeds the limit', async () => {
    const { context, cancelled } = await sender({ 'content-length': '1000001' });
    await expect(requestBody(context, limit).next()).rejects.toThrow(
      'The file is larger than the limit of 1000000 bytes. Ask your operator.',
    );
    expect([context.req.raw.bodyUsed, cancelled()]).toEqual([false, false]);
  });

  test('is stopped at the limit if it has no Content-Length', async () => {
    const { context, send, cancelled } = await sender();
    const body = requestBody(context, limit);
    send(1_000_000);
    expect((await body.next()).value?.byteLength).toBe(1_000_000);
    send(1);
    await expect(body.next()).rejects.toMatchObject({ code: 'bodyTooLarge' });
    expect(cancelled()).toBe(true);
  });

  test('is stopped at the limit if it is longer than its Content-Length', async () => {
    const { context, send } = await sender({ 'content-length': '10' });
    send(1_000_001);
    await expect(requestBody(context, limit).next()).rejects.toMatchObject({ code: 'bodyTooLarge' });
  });

  test('is refused with the limit of the file in the error if its own limit is larger', async () => {
    const { context } = await sender({ 'content-length': '1000001' });
    await expect(requestBody(context, { ...limit, statedBytes: 900_000 }).next()).rejects.toThrow(
      'The file is larger than the limit of 900000 bytes. Ask your operator.',
    );
  });

  test('fails as an upload that ended early when the connection is lost', async () => {
    const { context, send, fail } = await sender();
    const body = requestBody(context, limit);
    send(5);
    await body.next();
    fail(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
    await expect(body.next()).rejects.toThrow('The upload ended early');
  });

  test('is cancelled when its reader stops early', async () => {
    const { context, send, cancelled } = await sender();
    send(5);
    for await (const _chunk of requestBody(context, limit)) break;
    expect(cancelled()).toBe(true);
  });

  test('has no chunks if it is empty', async () => {
    const { context, end } = await sender();
    end();
    expect(await requestBody(context, limit).next()).toEqual({ done: true, value: undefined });
  });
});

describe('the idle timeout of a request body', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const stalled = {
    code: 'uploadStalled',
    message: 'The upload stalled: less than 16384 bytes received in 60 seconds',
  };

  test('stops an upload that sends nothing', async () => {
    const { context, send, cancelled } = await sender();
    const body = requestBody(context, limit);
    send(100_000);
    await body.next();
    const late = expect(body.next()).rejects.toMatchObject(stalled);
    await vi.advanceTimersByTimeAsync(TIMEOUT + 1);
    await late;
    expect(cancelled()).toBe(true);
  });

  test('stops an upload that sends only a few bytes', async () => {
    const { context, send } = await sender();
    const body = requestBody(context, limit);
    for (let n = 0; n < 5; n++) {
      const next = body.next();
      await vi.advanceTimersByTimeAsync(TIMEOUT / 6);
      send(1);
      await next;
    }
    const late = expect(body.next()).rejects.toMatchObject(stalled);
    await vi.advanceTimersByTimeAsync(TIMEOUT / 6 + 1);
    await late;
  });

  test('never stops a slow but steady upload', async () => {
    const { context, send } = await sender();
    const body = requestBody(context, { bytes: 10_000_000, hint: '' });
    for (let n = 0; n < 100; n++) {
      const next = body.next();
      await vi.advanceTimersByTimeAsync(TIMEOUT * 0.9);
      send(20_000);
      expect((await next).value?.byteLength).toBe(20_000);
    }
  });

  test('does not count the time during which the server is busy', async () => {
    const { context, send } = await sender();
    const body = requestBody(context, limit);
    for (let n = 0; n < 5; n++) {
      send(10);
      expect((await body.next()).value?.byteLength).toBe(10);
      await vi.advanceTimersByTimeAsync(TIMEOUT * 2);
    }
  });
});
