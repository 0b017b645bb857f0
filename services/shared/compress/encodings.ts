/** Streaming compression of byte streams. */
import { pipeline, Readable, type Transform } from 'node:stream';
import { createGzip } from 'node:zlib';
import { chunksOf } from '../chunks-of.ts';

/** Compresses with gzip. The same input always gives the same output. */
export function gzipped(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return through(body, createGzip({ level: 6 }));
}

async function* through(body: AsyncIterable<Uint8Array>, transform: Transform): AsyncGenerator<Uint8Array> {
  const compressed = pipeline(Readable.from(body, { objectMode: false }), transform, () => {});
  try {
    yield* chunksOf(compressed as unknown as Readable);
  } finally {
    transform.destroy();
  }
}
