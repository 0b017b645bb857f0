/** The maximum number of bytes after the last boundary of a form. */
const AFTER_END = 8;

/**
 * Passes on the bytes of a form, with the line break before its last boundary turned into the CRLF that the format
 * requires. NuGet 2 writes the line break of its system there, which outside Windows is only a line feed.
 */
export async function* mendFormEnd(
  body: AsyncIterable<Uint8Array>,
  contentType: string,
): AsyncGenerator<Uint8Array> {
  const boundary = /boundary="?(?<text>[^";]+)/i.exec(contentType)?.groups?.text ?? '';
  const end = Buffer.from(`\n--${boundary}--`);
  const kept = end.byteLength + AFTER_END;
  let tail: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    const rest = chunk.byteLength >= kept ? bytesOf(chunk) : Buffer.concat([tail, chunk]);
    if (chunk.byteLength >= kept && tail.byteLength > 0) yield tail;
    if (rest.byteLength > kept) yield rest.subarray(0, -kept);
    tail = rest.subarray(-kept);
  }
  const at = tail.lastIndexOf(end);
  if (at <= 0 || tail[at - 1] === 0x0d) {
    yield tail;
    return;
  }
  yield tail.subarray(0, at);
  yield Buffer.concat([Buffer.from('\r'), tail.subarray(at)]);
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
