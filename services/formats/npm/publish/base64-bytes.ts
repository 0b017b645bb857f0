/** Thrown for text that is not valid base64. */
export class InvalidBase64 extends Error {
  override readonly name = 'InvalidBase64';
}

/**
 * Decodes streamed base64, split into chunks anywhere. Padding is optional. Other characters are refused;
 * `base64-stream` would skip them.
 * @throws InvalidBase64
 */
export async function* base64Bytes(text: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0);
  let ended = false;
  for await (const part of text) {
    if (part.byteLength === 0) continue;
    if (ended) throw new InvalidBase64('there is base64 behind its padding');
    const joined = rest.byteLength === 0 ? view(part) : Buffer.concat([rest, part]);
    const whole = joined.byteLength - (joined.byteLength % 4);
    rest = Buffer.from(joined.subarray(whole));
    if (whole === 0) continue;
    const group = joined.toString('latin1', 0, whole);
    ended = group.endsWith('=');
    if (ended && rest.byteLength > 0) throw new InvalidBase64('there is base64 behind its padding');
    yield decode(group);
  }
  if (rest.byteLength > 0) yield decode(rest.toString('latin1'));
}

function decode(group: string): Buffer {
  const bare = group.length - padding(group);
  if (bare % 4 === 1) throw new InvalidBase64('the base64 is truncated');
  const bytes = Buffer.from(group, 'base64');
  if (bytes.byteLength !== Math.floor((bare * 3) / 4)) {
    throw new InvalidBase64('the base64 contains an invalid character');
  }
  return bytes;
}

function padding(group: string): number {
  if (group.endsWith('==')) return 2;
  return group.endsWith('=') ? 1 : 0;
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
