import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { chunksOf } from '../../../services/shared/chunks-of.ts';

/** A stream that holds all its contents in its buffer, and has not ended. */
function buffered(...contents: string[]): Readable {
  const stream = new Readable({ read() {} });
  for (const content of contents) stream.push(Buffer.from(content));
  return stream;
}

describe('the chunks of a stream', () => {
  test('keep their boundaries when several are buffered', async () => {
    const stream = buffered('one', 'two', 'three');
    stream.push(null);
    const chunks: string[] = [];
    for await (const chunk of chunksOf(stream)) chunks.push(String(chunk));
    expect(chunks).toEqual(['one', 'two', 'three']);
  });

  test('are read only on demand', async () => {
    let made = 0;
    const stream = new Readable({
      highWaterMark: 10,
      read() {
        this.push(Buffer.alloc(10, ++made));
      },
    });
    const chunks = chunksOf(stream);
    expect(made).toBe(0);
    for (let n = 1; n <= 5; n++) {
      expect((await chunks.next()).value?.[0]).toBe(n);
      await new Promise(setImmediate);
      expect(made).toBeLessThanOrEqual(n + 2);
    }
    await chunks.return(undefined);
  });

  test('fail with the error of the stream', async () => {
    const stream = buffered('one');
    const chunks = chunksOf(stream);
    expect(String((await chunks.next()).value)).toBe('one');
    stream.destroy(new Error('broken'));
    await expect(chunks.next()).rejects.toThrow('broken');
  });

  test('fail when the stream is destroyed without an error, even before the first chunk', async () => {
    for (const stream of [buffered(), buffered('one')]) {
      stream.destroy();
      await expect(chunksOf(stream).next()).rejects.toThrow('Premature close');
    }
  });

  test('leave the rest of the stream readable when the loop stops early', async () => {
    const stream = buffered('one', 'two', 'three');
    for await (const chunk of chunksOf(stream)) {
      expect(String(chunk)).toBe('one');
      break;
    }
    expect(stream.destroyed).toBe(false);
    stream.push(null);
    expect(await text(stream)).toBe('twothree');
  });

  test('are empty for an empty stream', async () => {
    expect(await chunksOf(Readable.from([])).next()).toEqual({ done: true, value: undefined });
  });
});
