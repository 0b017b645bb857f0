import { finished, type Readable } from 'node:stream';

/**
 * The chunks of a stream, one at a time as they came in, read no faster than they are taken. The stream's own iterator
 * joins what has gathered, and so copies it. One that is left before the end leaves the stream as it is.
 *
 * @throws the stream's error, also when it ends early.
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
