import type { FileHandle } from 'node:fs/promises';

/** How many bytes to collect for one write call. */
const BATCH_BYTES = 256 * 1024;

/** Writes the whole body to the file and returns its size. Holds at most two batches in memory. */
export async function writeBody(file: FileHandle, body: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  let batch: Uint8Array[] = [];
  let bytes = 0;
  let writing = Promise.resolve();
  try {
    for await (const chunk of body) {
      if (chunk.byteLength === 0) continue;
      batch.push(chunk);
      bytes += chunk.byteLength;
      size += chunk.byteLength;
      if (bytes < BATCH_BYTES) continue;
      await writing;
      writing = writeAll(file, batch, bytes);
      writing.catch(() => {}); // reported by the next await
      batch = [];
      bytes = 0;
    }
  } finally {
    await writing;
  }
  if (bytes > 0) await writeAll(file, batch, bytes);
  return size;
}

/**
 * Writes all chunks. When the disk is nearly full, a write may be partial without an error; the next one then
 * fails.
 */
async function writeAll(file: FileHandle, chunks: Uint8Array[], bytes: number): Promise<void> {
  const { bytesWritten } = await file.writev(chunks);
  if (bytesWritten === bytes) return;
  const rest = Buffer.concat(chunks).subarray(bytesWritten);
  for (let at = 0; at < rest.byteLength; ) at += (await file.write(rest, at)).bytesWritten;
}
