import { finished, type Readable } from 'node:stream';

/**
 * Yields the chunks of a stream as they arrived, no faster than they are consumed. The stream's own iterator joins
 * buffered chunks, and so copies them. Leaving the iteration early does not destroy the stream.
 *
 * @throws the stream's error, also when it ends early
 */
export async function* chunksOf(stream: Readable): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let ended: { readonly error: unknown } | undefined;
  let wake = () => {};
  const take = (chunk: Uint8Array) => {
    stream.pause();
    chunks.push(chunk);
    wake();
  };
  const forget = finished(stream, { writable: false }, (error) => {
    ended = { error };
    wake();
  });
  stream.on('data', take);
  try {
    for (;;) {
      const chunk = chunks.shift();
      if (chunk) {
        yield chunk;
      } else if (ended) {
        if (ended.error) throw ended.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
          stream.resume();
        });
      }
    }
  } finally {
    forget();
    stream.off('data', take);
    stream.pause();
  }
}
