/** Streaming compression of byte streams. */
import { pipeline, Readable, type Transform } from 'node:stream';
import { createGzip, createZstdCompress } from 'node:zlib';
import { chunksOf } from '../chunks-of.ts';

/** The bytes compressed by gzip. The same bytes always give the same result. */
export function gzipped(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return through(body, createGzip({ level: 6 }));
}

/** The bytes compressed by Zstandard. */
export function zstandard(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return through(body, createZstdCompress());
}

async function* through(body: AsyncIterable<Uint8Array>, transform: Transform): AsyncGenerator<Uint8Array> {
  const compressed = pipeline(Readable.from(body, { objectMode: false }), transform, () => {});
  try {
    yield* chunksOf(compressed as unknown as Readable);
  } finally {
    transform.destroy();
  }
}
