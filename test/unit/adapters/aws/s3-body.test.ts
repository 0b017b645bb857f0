import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { bodyStream } from '../../../../services/adapters/aws/s3-body.ts';

const SILENCE = 30_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

function open() {
  const source = new PassThrough();
  return { source, reader: bodyStream(source, SILENCE).getReader() };
}

describe('the body of a response from S3', () => {
  test('arrives unchanged', async () => {
    const { source, reader } = open();
    source.end('bytes');
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('bytes');
    expect((await reader.read()).done).toBe(true);
  });

  test('fails when the store sends nothing for too long', async () => {
    const { source, reader } = open();
    source.write('half');
    await reader.read();
    const late = expect(reader.read()).rejects.toThrow('the store sent nothing for 30 seconds');
    await vi.advanceTimersByTimeAsync(SILENCE + 1);
    await late;
    expect(source.destroyed).toBe(true);
  });

  test('waits for a slow store, and for a slow reader', async () => {
    const { source, reader } = open();
    for (let n = 0; n < 5; n++) {
      const read = reader.read();
      await vi.advanceTimersByTimeAsync(SILENCE * 0.9);
      source.write('x');
      expect((await read).done).toBe(false);
      await vi.advanceTimersByTimeAsync(SILENCE * 10);
    }
    expect(source.destroyed).toBe(false);
  });

  test('fails when the connection is lost', async () => {
    const { source, reader } = open();
    source.write('half');
    await reader.read();
    source.destroy(new Error('aborted'));
    await expect(reader.read()).rejects.toThrow('aborted');
  });

  test('closes its source when it is cancelled', async () => {
    const { source, reader } = open();
    await reader.cancel();
    expect(source.destroyed).toBe(true);
  });
});
