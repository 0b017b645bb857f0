import type { FileHandle } from 'node:fs/promises';

/** How many bytes are gathered before they are handed to the file in one call. */
const GATHER = 256 * 1024;

/** Writes the body to the end of the file and answers its size. Holds at most two gatherings in memory. */
export async function writeBody(file: FileHandle, body: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  let writing = Promise.resolve();
  try {
    for await (const chunk of body) {
      if (chunk.byteLength === 0) continue;
      gathered.push(chunk);
      bytes += chunk.byteLength;
      size += chunk.byteLength;
      if (bytes < GATHER) continue;
      await writing;
      writing = writeAll(file, gathered, bytes);
      writing.catch(() => {}); // told at the next await
      gathered = [];
      bytes = 0;
    }
  } finally {
    await writing;
  }
  if (bytes > 0) await writeAll(file, gathered, bytes);
  return size;
}

/** A write may stop short without an error when the disk is nearly full; the next one then tells. */
async function writeAll(file: FileHandle, chunks: Uint8Array[], bytes: number): Promise<void> {
  const { bytesWritten } = await file.writev(chunks);
  if (bytesWritten === bytes) return;
  const rest = Buffer.concat(chunks).subarray(bytesWritten);
  for (let at = 0; at < rest.byteLength; ) at += (await file.write(rest, at)).bytesWritten;
}
